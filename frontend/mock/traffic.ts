// What the devices of the mock say: smooth curves with a little noise, and now and then something out of the ordinary.

import type { Message, Reading } from "../src/live/protocol";

let count = 0;

/** Ids that rise with time, like the hub's. */
export function nextId(): string {
  const time = Date.now().toString(16).padStart(12, "0");
  const tail = (++count).toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${tail}`;
}

export function message(rest: Partial<Message>): Message {
  const text = rest.text ?? "";
  const base = { kind: "message", topic: "", device: "", is_binary: false, readings: [], duplicate_of: null } as const;
  const at = new Date().toISOString();
  return { ...base, id: nextId(), at, source: "packets", fault: "", message_kind: "message", text, size: text.length, ...rest } as Message;
}

/** The value of a metric at a moment, so that history and live traffic are one curve. */
export function valueAt(metric: string, atMs: number): number {
  const t = atMs / 1000;
  const noise = (Math.sin(t * 12.9898) * 43758.5453) % 1;
  const curves: Record<string, number> = {
    value: Math.max(0, 120 + 80 * Math.sin(t / 40) + (Math.sin(t / 7) > 0.6 ? 45 : 0) + noise * 0.4),
    temperature: 21.5 + 1.6 * Math.sin(t / 60) + noise * 0.12,
    humidity: 48 + 6 * Math.sin(t / 95) + noise * 0.5,
    battery: 87,
    active_power: 3.2 + 1.4 * Math.sin(t / 33) + (Math.sin(t / 11) > 0.8 ? 2.1 : 0) + noise * 0.05,
    active_energy: 18_234.5 + (t % 1e6) / 1200,
    voltage_l1: 230.4 + noise * 0.9,
    voltage_l2: 231.1 + noise * 0.7,
    voltage_l3: 229.8 + noise * 0.8,
    current_l1: 4.8 + noise * 0.4,
    current_l2: 5.2 + noise * 0.3,
    current_l3: 3.9 + noise * 0.5,
    frequency: 50 + noise * 0.02,
    power_factor: 0.962 + noise * 0.004,
  };
  return Number((curves[metric] ?? noise).toFixed(3));
}

const METER: readonly [metric: string, unit: string][] = [
  ["active_power", "kW"], ["active_energy", "kWh"], ["voltage_l1", "V"], ["voltage_l2", "V"], ["voltage_l3", "V"],
  ["current_l1", "A"], ["current_l2", "A"], ["current_l3", "A"], ["frequency", "Hz"], ["power_factor", ""],
];

function readings(metrics: readonly (readonly [string, string])[]): Reading[] {
  return metrics.map(([metric, unit]) => ({ metric, unit, value: valueAt(metric, Date.now()) }));
}

export function scaleMessage(): Message {
  const found = readings([["value", "g"]]);
  const text = `S S ${(found[0]?.value ?? 0).toFixed(2).padStart(10)} g`;
  return message({ source: "device:scale", device: "scale", text, readings: found });
}

export function kitchenMessage(): Message {
  const found = readings([["temperature", "°C"], ["humidity", "%"], ["battery", "%"]]);
  const measurements = Object.fromEntries(found.slice(0, 2).map((reading) => [reading.metric, reading.value]));
  const text = JSON.stringify({ device_id: "esp32-kitchen", timestamp: new Date().toISOString(), measurements, battery: 87 });
  return message({ source: "broker:plant", topic: "sensors/kitchen", device: "esp32-kitchen", text, readings: found });
}

export function meterMessage(): Message {
  const found = readings(METER);
  const values = Object.fromEntries(found.map((reading) => [reading.metric, reading.value]));
  const text = JSON.stringify({ id: "33B1225950028", ...values, isend: "1" });
  return message({ source: "broker:meters", topic: "MQTT_RT_DATA", device: "33B1225950028", text, readings: found });
}

export function deadMessage(): Message {
  const fault = "Not JSON: expected a value at character 14";
  return message({ source: "broker:plant", topic: "sensors/attic", text: '{"device_id": }', fault });
}

export function binaryMessage(): Message {
  const text = "0a1b002f53656e736f7200ff10203040e2829c41424344454647";
  return message({ source: "broker:plant", topic: "raw/modem", is_binary: true, text, size: text.length / 2 });
}
