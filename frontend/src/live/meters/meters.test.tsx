import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { page } from "../../page";
import { device, events, interval, link, message, meter, meterCommand } from "../../testing/events";
import { renderLive } from "../../testing/render";
import { LivePage } from "../LivePage";
import type { Meter } from "../protocol";

import { Meters } from "./Meters";

vi.mock("../devices/draw-chart", () => ({ drawChart: () => ({ show: () => undefined, destroy: () => undefined }) }));

const ID = "33B1225950028";
const sent = vi.fn();
let status = 200;

beforeEach(() => {
  localStorage.clear();
  sent.mockReset();
  status = 200;
  vi.stubGlobal("fetch", (url: string, init?: RequestInit) => {
    if (init?.method) sent(init.method, url, JSON.parse(init.body as string));
    const body = status === 200 ? { next: null, results: [] } : { detail: "No in-topic brings MQTT_METER_TIME_REP." };
    return Promise.resolve(new Response(JSON.stringify(body), { status: init?.method ? status : 200 }));
  });
});

afterEach(() => {
  vi.unstubAllGlobals();
  page.mayChangeMeters = true;
});

function reading(metric: string, value: number, unit: string) {
  return { metric, value, unit, at: new Date().toISOString() };
}

const heard = device({
  name: ID, label: ID, is_known: false, last_at: new Date().toISOString(),
  readings: [
    reading("voltage_l1", 230.5, "V"), reading("current_l2", 10.25, "A"), reading("active_power", 7.5, "kW"),
    reading("active_energy", 131.25, "kWh"), reading("active_energy_export", 2.5, "kWh"), reading("active_energy_t1", 51.5, "kWh"),
  ],
});

async function show(given: Partial<Meter> = {}, devices = [heard], ui = <Meters />) {
  const drawn = renderLive(ui, { links: [link({ key: "broker:meters" })], devices, meters: [meter(given)] });
  const card = (await screen.findByRole("heading", { name: given.label ?? ID })).closest("li") as HTMLElement;
  return { ...drawn, card: within(card) };
}

test("a hub without meters has no such section", async () => {
  renderLive(<LivePage />, { devices: [heard] });
  await screen.findByRole("heading", { name: "Messages" });
  expect(screen.queryByRole("heading", { name: "Meters" })).toBeNull();
});

test("a meter shows its power, phases and counters, and they move with its messages", async () => {
  const { card, socket } = await show({ label: "Heat pump", context: "cellar" });
  expect(screen.getByText("1 of 1 online")).toBeVisible();
  expect(card.getByText(`${ID} · cellar`)).toBeVisible();
  expect(within(card.getByRole("table", { name: "Phases" })).getByRole("row", { name: "Voltage V 230.5 – –" })).toBeVisible();
  expect(within(card.getByRole("table", { name: "Energy" })).getByRole("row", { name: "Active kWh 131.25 2.5" })).toBeVisible();
  const at = new Date(Date.now() + 1000).toISOString();
  socket.bring(events(message({ device: ID, at, readings: [{ metric: "active_power", value: 8.125, unit: "kW" }] })));
  expect(await card.findByText("8.125")).toBeVisible();
});

test("another reading of a meter is shown when it is chosen", async () => {
  const user = userEvent.setup();
  const { card } = await show();
  await user.selectOptions(card.getByRole("combobox", { name: /Reading of/ }), "current_l2");
  expect(card.getByText("10.25", { selector: "span" })).toBeVisible();
});

test("a meter is not shown among the devices as well, and not offered for adoption", async () => {
  await show({}, [heard], <LivePage />);
  expect(screen.getAllByRole("heading", { name: ID })).toHaveLength(1);
  expect(screen.queryByRole("button", { name: /Adopt/ })).toBeNull();
});

test("a meter that nothing was heard of says so", async () => {
  const { card } = await show({}, []);
  expect(card.getByText("nothing heard yet")).toBeVisible();
  expect(card.getByText("No readings yet.")).toBeVisible();
});

test("an interval is sent by the button, and not by looking through the choices", async () => {
  const user = userEvent.setup();
  const { card, socket } = await show({ seconds: interval({ reported: 60, wanted: 60 }) });
  const choice = card.getByRole("combobox", { name: /^Values of/ });
  expect(within(choice).getByRole("option", { name: "as for all (60 s)" })).toBeVisible();
  expect(card.queryByRole("button", { name: "Set" })).toBeNull();
  await user.selectOptions(choice, "30");
  expect(sent).not.toHaveBeenCalled();
  await user.click(card.getByRole("button", { name: "Set" }));
  expect(sent).toHaveBeenCalledWith("PATCH", `/api/v1/meters/${ID}`, { desired_seconds_interval: 30 });
  socket.bring(events(meter({ seconds: interval({ reported: 60, wanted: 30, own: 30 }) })));
  expect(await card.findByText("60 s, wanted 30 s")).toBeVisible();
  expect(card.queryByRole("button", { name: /^(Set|Asked)$/ })).toBeNull();
});

test("a meter is given back to what holds for all", async () => {
  const user = userEvent.setup();
  const { card } = await show({ minutes: interval({ reported: 5, wanted: 5, own: 5, choices: [1, 5] }) });
  await user.selectOptions(card.getByRole("combobox", { name: /^Counters of/ }), "as for all");
  await user.click(card.getByRole("button", { name: "Set" }));
  expect(sent).toHaveBeenCalledWith("PATCH", `/api/v1/meters/${ID}`, { desired_minutes_interval: null });
});

test("who may not change meters sees their intervals and no choice", async () => {
  page.mayChangeMeters = false;
  const { card } = await show({ seconds: interval({ reported: 60, wanted: 60, is_read: true }) });
  expect(card.getByText("60 s")).toBeVisible();
  expect(card.queryByRole("combobox", { name: /^Values of/ })).toBeNull();
});

test("a wrong clock is set by a button, and a refusal of the hub is said", async () => {
  const user = userEvent.setup();
  const { card } = await show({ clock: { drift_s: 3600, is_wrong: true, is_kept: false, set_at: null } });
  expect(card.getByText("1 h ahead")).toBeVisible();
  await user.click(card.getByRole("button", { name: "Set the clock now" }));
  expect(sent).toHaveBeenCalledWith("POST", `/api/v1/meters/${ID}/commands`, { command: "set_clock" });
  status = 409;
  await user.click(await card.findByRole("button", { name: "Set the clock now" }));
  expect(await card.findByRole("alert")).toHaveTextContent("No in-topic brings MQTT_METER_TIME_REP.");
});

test("commands show their answer, and what failed can be tried again", async () => {
  const user = userEvent.setup();
  const { card, socket } = await show({
    commands: [
      meterCommand({ state: "acknowledged" }),
      meterCommand({ command: "set_seconds", words: "set the seconds interval", value: "30", state: "refused", reason: "the meter refused it (code 02)" }),
    ],
  });
  const told = within(card.getByRole("list", { name: `What ${ID} was told` }));
  expect(told.getByText(/^set the clock: acknowledged/)).toBeVisible();
  expect(told.getByText(/^set the seconds interval to 30: the meter refused it \(code 02\)/)).toBeVisible();
  await user.click(card.getByRole("button", { name: "Try again what failed" }));
  expect(sent).toHaveBeenCalledWith("POST", `/api/v1/meters/${ID}/commands`, { command: "retry" });
  socket.bring(events(meter({ commands: [meterCommand()] })));
  await waitFor(() => expect(card.queryByRole("button", { name: "Try again what failed" })).toBeNull());
  expect(card.getByText(/^set the clock: waiting for the answer/)).toBeVisible();
});

test("commands that nobody would hear the answer of are explained", async () => {
  const { card } = await show({ unheard: "No in-topic of meters brings MQTT_COMMOD_SET_REP.", is_enabled: false, relay: "off" });
  expect(card.getByText(/MQTT_COMMOD_SET_REP/)).toBeVisible();
  expect(card.getByText("Disabled: it is told nothing.")).toBeVisible();
  expect(card.getByText("off")).toBeVisible();
});

test("the energy of a month is a file, of all meters or of one", async () => {
  const user = userEvent.setup();
  const { card } = await show();
  const months = screen.getByRole<HTMLSelectElement>("combobox", { name: "Month of the energy report" });
  const before = months.options[1]?.value ?? "";
  await user.selectOptions(months, before);
  expect(screen.getByRole("link", { name: "Energy report (CSV)" })).toHaveAttribute("href", `/api/v1/meters/report?month=${before}`);
  expect(card.getByRole("link", { name: /^Its energy/ })).toHaveAttribute("href", `/api/v1/meters/report?month=${before}&meter=${ID}`);
  expect(card.getByRole("link", { name: /in the configuration/ })).toHaveAttribute("href", `/admin/bridges/meter/?q=${ID}`);
});

test("a relay is switched on, not to 1", async () => {
  const { card } = await show({ commands: [meterCommand({ command: "relay", words: "switch the relay", value: "on" })] });
  expect(card.getByText(/^switch the relay on: waiting for the answer/)).toBeVisible();
});

test("many meters are shown on request", async () => {
  const user = userEvent.setup();
  const meters = Array.from({ length: 14 }, (_, number) => meter({ name: `m${number}`, label: `Meter ${number}` }));
  renderLive(<Meters />, { meters });
  expect(await screen.findAllByRole("heading", { name: /^Meter \d+/ })).toHaveLength(12);
  await user.click(screen.getByRole("button", { name: "Show 2 more meters" }));
  expect(screen.getAllByRole("heading", { name: /^Meter \d+/ })).toHaveLength(14);
});
