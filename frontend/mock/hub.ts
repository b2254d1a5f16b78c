// One mock hub: keeps its state, makes traffic, and speaks the live protocol to every socket.

import type { WebSocket } from "ws";

import type { Delivery, Link, LiveEvent, Message, Snapshot } from "../src/live/protocol";

import { alertsIn, devicesIn, linksIn, metersIn, type SceneName } from "./scenes.ts";
import { binaryMessage, deadMessage, kitchenMessage, message, meterMessage, nextId, scaleMessage, valueAt } from "./traffic.ts";

export class MockHub {
  private readonly clients = new Map<WebSocket, number>();
  private readonly links: Link[];
  private messages: Message[] = [];
  private writes: Delivery[] = [];
  private downUntil = 0;
  private ticket = 41;

  constructor(private readonly scene: SceneName) {
    this.links = linksIn(scene);
    if (scene === "empty") return;
    setInterval(() => this.say([scaleMessage()]), 900).unref();
    setInterval(() => this.say([kitchenMessage()]), 2_000).unref();
    setInterval(() => this.say([meterMessage()]), 1_500).unref();
    setInterval(() => this.say([deadMessage(), binaryMessage(), this.duplicate()]), 17_000).unref();
    setInterval(() => this.print(), 7_000).unref();
    if (scene === "flood") setInterval(() => this.say(Array.from({ length: 10 }, scaleMessage)), 20).unref();
    for (let i = 0; i < 4; i++) this.print();
  }

  welcome(socket: WebSocket): void {
    this.clients.set(socket, 16);
    socket.on("message", () => this.send(socket, this.snapshot()));
    socket.on("close", () => this.clients.delete(socket));
    this.send(socket, this.snapshot());
  }

  isDown(): boolean {
    return Date.now() < this.downUntil;
  }

  goDown(seconds: number): void {
    this.downUntil = Date.now() + seconds * 1000;
    for (const socket of this.clients.keys()) socket.terminate();
  }

  loseOne(): void {
    for (const [socket, seq] of this.clients) this.clients.set(socket, seq + 1);
  }

  command(device: string, payload: string): unknown {
    this.write(`device:${device}`, payload);
    if (device === "scale") setTimeout(() => this.say([message({ ...scaleMessage(), id: nextId() })]), 150);
    return { id: nextId() };
  }

  printAgain(delivery: string): unknown {
    const text = this.writes.find((one) => one.id === delivery)?.text ?? "";
    return { delivery: this.write("device:printer", text) };
  }

  readings(query: URLSearchParams): unknown {
    const metric = query.get("metric") ?? "";
    const device = query.get("device") ?? "";
    const results = [];
    const isSilent = device === "arduino" || this.scene === "empty";
    for (let at = Date.parse(query.get("start_time") ?? ""); !isSilent && at < Date.now() - 1_500; at += 1_500)
      results.push({ time: new Date(at).toISOString(), device, metric, value: valueAt(metric, at), unit: "" });
    return { count: results.length, count_exact: true, next: null, results: results.slice(-1_000) };
  }

  private snapshot() {
    const links = this.links;
    const devices = devicesIn(this.scene).map((state) => this.withLatest(state));
    const rest = { links, devices, alerts: alertsIn(this.scene), messages: this.messages.slice(-50), writes: this.writes.slice(-30), meters: metersIn(this.scene) };
    return { type: "snapshot", at: new Date().toISOString(), config: 4, demo: this.scene !== "empty", ...rest } as const;
  }

  private withLatest(state: Snapshot["devices"][number]) {
    const latest = this.messages.findLast((one) => one.device === state.name && one.readings.length > 0);
    if (!latest) return state;
    return { ...state, last_at: latest.at, readings: latest.readings.map((reading) => ({ ...reading, at: latest.at })) };
  }

  private say(messages: Message[]): void {
    this.messages = this.messages.concat(messages).slice(-200);
    this.announce(messages);
  }

  private duplicate(): Message {
    const first = this.messages.findLast((one) => one.topic === "MQTT_RT_DATA") ?? meterMessage();
    return { ...first, id: nextId(), at: new Date().toISOString(), duplicate_of: first.id };
  }

  private print(): void {
    const isLong = this.ticket % 3 === 0;
    const weight = valueAt("value", Date.now()).toFixed(2);
    const text = isLong
      ? `PATCHBAY DEMO LAB\nTicket ${this.ticket}\n------------------------------\nSample A${this.ticket}      ${weight} g\nTare           12.40 g\nOperator       M. Öztürk\n------------------------------\n`
      : `Weight ${weight} g\n`;
    this.ticket++;
    this.write("device:printer", text, this.messages.findLast((one) => one.device === "scale")?.id);
  }

  private write(target: string, text: string, source: string | null = null): string {
    const at = new Date().toISOString();
    const base = { kind: "delivery", id: nextId(), at, message: source, target, address: "", text, is_binary: false } as const;
    const isAway = target === "device:arduino";
    const rule = target === "device:printer" ? "print weights" : "";
    this.remember({ ...base, rule, state: isAway ? "waiting" : "sending", reason: "" });
    if (isAway) return base.id;
    const isUnknown = this.ticket % 11 === 0;
    const reason = isUnknown ? "The port closed in the middle of this write; nobody knows how much was printed." : "";
    setTimeout(() => this.remember({ ...base, rule, state: isUnknown ? "unknown" : "delivered", reason }), 120);
    return base.id;
  }

  private remember(delivery: Delivery): void {
    this.writes = this.writes.filter((one) => one.id !== delivery.id).concat(delivery).slice(-30);
    this.announce([delivery]);
  }

  private announce(events: LiveEvent[]): void {
    for (const socket of this.clients.keys()) this.send(socket, { type: "events", events });
  }

  private send(socket: WebSocket, frame: object): void {
    const seq = (this.clients.get(socket) ?? 16) + 1;
    this.clients.set(socket, seq);
    socket.send(JSON.stringify({ ...frame, seq }));
  }
}
