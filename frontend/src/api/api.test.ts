import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { ApiError, isSignedOut } from "./client";
import { sendAgain, sendCommand } from "./commands";
import { fetchPoints } from "./readings";

let answers: Response[];
const asked: Request[] = [];

beforeEach(() => {
  answers = [];
  asked.length = 0;
  document.cookie = "csrftoken=abc123";
  vi.stubGlobal("fetch", (url: string, init: RequestInit) => {
    asked.push(new Request(new URL(url, "http://hub"), { ...init, signal: null }));
    return Promise.resolve(answers.shift() ?? new Response(null, { status: 204 }));
  });
});

afterEach(() => vi.unstubAllGlobals());

function json(value: unknown, status = 200): Response {
  return new Response(JSON.stringify(value), { status });
}

test("a command goes to its device with the token of the cookie", async () => {
  await sendCommand("lab scale", { payload: "w" });
  const request = asked[0];
  expect(request?.method).toBe("POST");
  expect(new URL(request?.url ?? "").pathname).toBe("/api/v1/devices/lab%20scale/commands");
  expect(request?.headers.get("X-CSRFToken")).toBe("abc123");
  expect(await request?.json()).toEqual({ payload: "w" });
});

test("a delivery is sent again by its id", async () => {
  await sendAgain("018f-1");
  expect(new URL(asked[0]?.url ?? "").pathname).toBe("/api/v1/deliveries/018f-1/redrive");
});

test("a problem is told in the server's own words", async () => {
  answers.push(json({ title: "Conflict", detail: "This device is disabled.", code: "device_disabled" }, 409));
  await expect(sendCommand("scale", { payload: "w" })).rejects.toEqual(new ApiError(409, "This device is disabled."));
});

test("an answer that is no JSON is told by its status", async () => {
  answers.push(new Response("<h1>Bad Gateway</h1>", { status: 502, statusText: "Bad Gateway" }));
  await expect(sendCommand("scale", { payload: "w" })).rejects.toThrow("The hub answered 502 Bad Gateway");
});

test("history is read page by page, newest first from the hub, oldest first for the chart", async () => {
  const row = (second: number) => ({ time: `2026-01-12T10:00:0${second}Z`, value: second });
  answers.push(json({ next: "http://other-host/api/v1/readings?cursor=c2", results: [row(4), row(3)] }));
  answers.push(json({ next: null, results: [row(2), row(1)] }));
  const points = await fetchPoints("scale", "weight", Date.parse("2026-01-12T09:55:00Z"));
  expect(points.map(([, value]) => value)).toEqual([1, 2, 3, 4]);
  const first = new URL(asked[0]?.url ?? "").searchParams;
  expect(Object.fromEntries(first)).toMatchObject({ device: "scale", metric: "weight", bucket: "raw", start_time: "2026-01-12T09:55:00.000Z" });
  expect(new URL(asked[1]?.url ?? "").host).toBe("hub");
  expect(new URL(asked[1]?.url ?? "").search).toBe("?cursor=c2");
});

test("a metric with endless history is not read to its end", async () => {
  for (let page = 0; page < 20; page++) answers.push(json({ next: `http://hub/api/v1/readings?cursor=${page}`, results: [] }));
  await fetchPoints("scale", "weight", 0);
  expect(asked.length).toBeLessThanOrEqual(4);
});

test.each([
  ["http://hub/login/?next=/", true, true],
  ["http://hub/", false, false],
  ["http://hub/maintenance", true, false],
])("an answer from %s (redirected: %s) means signed out: %s", async (url, redirected, expected) => {
  const answer = new Response("");
  Object.defineProperties(answer, { url: { value: url }, redirected: { value: redirected } });
  answers.push(answer);
  expect(await isSignedOut()).toBe(expected);
});
