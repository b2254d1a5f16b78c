// What the mock hub is made of: its links and devices, scene by scene.

import type { Alert, DeviceState, Link, Meter } from "../src/live/protocol";

export type SceneName = "demo" | "empty" | "flood";

export function isSceneName(name: string): name is SceneName {
  return name === "demo" || name === "empty" || name === "flood";
}

const STARTED = new Date(Date.now() - 3_725_000).toISOString();

function link(key: string, label: string, rest: Partial<Link> = {}): Link {
  const base = { kind: "link", key, label, state: "connected", detail: "", warning: "" } as const;
  return { ...base, since: STARTED, last_message_at: STARTED, waiting: 0, ...rest };
}

function device(name: string, label: string, rest: Partial<DeviceState> = {}): DeviceState {
  return { name, label, driver: "", link: "", is_known: true, last_at: null, readings: [], commands: [], ...rest };
}

export function alertsIn(scene: SceneName): Alert[] {
  if (scene === "empty") return [];
  const opened = new Date(Date.now() - 580_000).toISOString();
  const base = { kind: "alert", state: "open", opened_at: opened, acknowledged_by: "" } as const;
  const office = "broker:office is refused. The broker refused the user name or the password.";
  return [{ ...base, id: 1, rule: "links", subject: "broker:office", severity: "critical", detail: office }];
}

export function linksIn(scene: SceneName): Link[] {
  if (scene === "empty") return [];
  return [
    link("broker:plant", "Plant", { detail: "MQTT 5 at mqtt.example.org:8883 over TLS 1.3, session resumed" }),
    link("broker:meters", "Meters", {
      detail: "MQTT 3.1.1 at 127.0.0.1:1883",
      warning: "This broker keeps nothing over a restart; messages sent while it is away are lost.",
    }),
    link("broker:office", "Office", {
      state: "refused",
      detail: "The broker refused the user name or the password (reason code 135, not authorized).",
      since: new Date(Date.now() - 640_000).toISOString(),
      waiting: 12,
    }),
    link("device:scale", "Lab scale", { detail: "/dev/ttyUSB_SCALE, 9600 8N1" }),
    link("device:printer", "Receipt printer", { detail: "/dev/ttyUSB_PRINTER, 115200 8N1" }),
    link("device:arduino", "Greenhouse Arduino", {
      state: "lost",
      detail: "The port /dev/ttyACM_GREEN is gone; it is tried again every few seconds.",
      since: new Date(Date.now() - 42_000).toISOString(),
      waiting: 2,
    }),
  ];
}

export function devicesIn(scene: SceneName): DeviceState[] {
  if (scene === "empty") return [];
  return [
    device("scale", "Lab scale", {
      driver: "kern-tws",
      link: "device:scale",
      commands: [
        { name: "print", label: "Weigh now" },
        { name: "stable", label: "Stable weight" },
        { name: "tare", label: "Tare" },
      ],
    }),
    device("printer", "Receipt printer", { driver: "escpos", link: "device:printer" }),
    device("arduino", "Greenhouse Arduino", {
      driver: "lines",
      link: "device:arduino",
      last_at: new Date(Date.now() - 43_000).toISOString(),
      readings: [
        { metric: "soil_moisture", value: 41.5, unit: "%", at: new Date(Date.now() - 43_000).toISOString() },
        { metric: "temperature", value: 19.25, unit: "°C", at: new Date(Date.now() - 43_000).toISOString() },
      ],
    }),
    device("esp32-kitchen", "Kitchen sensor"),
    device("33B1225950028", "Main power meter"),
  ];
}

export function metersIn(scene: SceneName): Meter[] {
  if (scene === "empty") return [];
  const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
  return [
    {
      kind: "meter", name: "33B1225950028", label: "Main power meter", link: "broker:meters", is_enabled: true, context: "House",
      seconds: { reported: 60, is_read: true, wanted: 30, own: 30, choices: [30, 60, 300, 600] },
      minutes: { reported: 15, is_read: true, wanted: 15, own: null, choices: [1, 5, 15, 60] },
      clock: { drift_s: 74, is_wrong: true, is_kept: true, set_at: minutesAgo(190) },
      relay: "on", asked: [], unheard: "",
      commands: [
        { command: "set_clock", words: "set the clock", value: "", state: "waiting", reason: "", sent_at: minutesAgo(0), tries: 1 },
        {
          command: "set_seconds", words: "set the seconds interval", value: "30", state: "refused",
          reason: "the meter refused it (code 02)", sent_at: minutesAgo(4), tries: 1,
        },
      ],
    },
  ];
}
