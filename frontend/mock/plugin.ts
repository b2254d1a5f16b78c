// A hub to develop the page against without the hub: serves /ws/live/ and the few REST calls that the page makes.
// /?mock=demo|empty|flood picks the scene (kept in a cookie); /mock/down?s=10 and /mock/gap make trouble on request.

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

import type { Connect, Plugin } from "vite";
import { WebSocketServer } from "ws";

import { MockHub } from "./hub.ts";
import { isSceneName, type SceneName } from "./scenes.ts";

export function mockHub(): Plugin {
  const hubs = new Map<SceneName, MockHub>();
  const hubOf = (request: IncomingMessage) => {
    const scene = sceneOf(request);
    const hub = hubs.get(scene) ?? new MockHub(scene);
    hubs.set(scene, hub);
    return hub;
  };
  const attach = (isPreview: boolean) => (server: { middlewares: Connect.Server; httpServer: UpgradeSource | null }) => {
    server.middlewares.use((request, response, next) => answer(request, response, next, { hubOf, isPreview }));
    if (server.httpServer) acceptSockets(server.httpServer, hubOf); // the test runner has none
  };
  return { name: "mock-hub", configureServer: attach(false), configurePreviewServer: attach(true) };
}

type HubOf = (request: IncomingMessage) => MockHub;

interface UpgradeSource {
  on: (event: "upgrade", listener: (request: IncomingMessage, socket: Duplex, head: Buffer) => void) => unknown;
}

interface Context {
  hubOf: HubOf;
  isPreview: boolean;
}

function acceptSockets(server: UpgradeSource, hubOf: HubOf): void {
  const sockets = new WebSocketServer({ noServer: true });
  server.on("upgrade", (request, socket, head) => {
    if (request.url !== "/ws/live/") return;
    const hub = hubOf(request);
    if (hub.isDown()) socket.destroy();
    else sockets.handleUpgrade(request, socket, head, (opened) => hub.welcome(opened));
  });
}

function answer(request: IncomingMessage, response: ServerResponse, next: () => void, { hubOf, isPreview }: Context): void {
  const url = new URL(request.url ?? "/", "http://mock");
  const command = /^\/api\/v1\/devices\/([^/]+)\/commands$/.exec(url.pathname)?.[1];
  const repeated = /^\/api\/v1\/deliveries\/([^/]+)\/(?:repeat|redrive)$/.exec(url.pathname)?.[1];
  const scene = url.searchParams.get("mock");
  if (scene) response.setHeader("Set-Cookie", `mock=${scene}; path=/`);
  if (url.pathname === "/api/v1/readings") sendJson(response, 200, hubOf(request).readings(url.searchParams));
  else if (command) void readBody(request).then((body) => sendJson(response, 202, hubOf(request).command(command, body)));
  else if (repeated) sendJson(response, 202, hubOf(request).printAgain(repeated));
  else if (url.pathname === "/mock/down") done(response, () => hubOf(request).goDown(Number(url.searchParams.get("s") ?? 10)));
  else if (url.pathname === "/mock/gap") done(response, () => hubOf(request).loseOne());
  else if (/^\/(admin|api|login|logout)\//.test(url.pathname)) sendText(response, `The hub would show ${url.pathname} here.`);
  else {
    if (url.pathname === "/" && isPreview) request.url = "/static/ui/index.html";
    next();
  }
}

function sceneOf(request: IncomingMessage): SceneName {
  const name = /mock=(\w+)/.exec(request.headers.cookie ?? "")?.[1] ?? process.env.MOCK ?? "demo";
  return isSceneName(name) ? name : "demo";
}

async function readBody(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const part of request) text += String(part);
  const command = JSON.parse(text) as { payload?: string; hex?: string };
  return command.payload ?? Buffer.from(command.hex ?? "", "hex").toString("latin1");
}

function done(response: ServerResponse, act: () => void): void {
  act();
  sendText(response, "done");
}

function sendText(response: ServerResponse, text: string): void {
  response.setHeader("Content-Type", "text/plain");
  response.end(text);
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.statusCode = status;
  response.setHeader("Content-Type", "application/json");
  response.end(JSON.stringify(value));
}
