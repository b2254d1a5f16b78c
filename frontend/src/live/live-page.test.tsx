import { act, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { device, events, link, message } from "../testing/events";
import { renderLive } from "../testing/render";

import { LivePage } from "./LivePage";
import type { Snapshot } from "./protocol";

vi.mock("./devices/draw-chart", () => ({ drawChart: () => ({ show: () => undefined, destroy: () => undefined }) }));

const post = vi.fn();

beforeEach(() => {
  localStorage.clear();
  post.mockReset();
  vi.stubGlobal("fetch", (url: string, init?: RequestInit) => {
    if (init?.method === "POST") post(url, JSON.parse(init.body as string));
    return Promise.resolve(new Response(JSON.stringify({ next: null, results: [] })));
  });
});

afterEach(() => vi.unstubAllGlobals());

function show(given: Partial<Snapshot> = {}) {
  return renderLive(<LivePage />, given);
}

const scale = device({
  name: "scale", driver: "lines", link: "device:scale", last_at: new Date().toISOString(),
  readings: [
    { metric: "weight", value: 12.5, unit: "g", at: new Date().toISOString() },
    { metric: "tare", value: 3, unit: "g", at: new Date().toISOString() },
  ],
});
const scaleLink = link({ key: "device:scale", label: "Lab scale" });

test("an empty hub shows what to do next, with links that lead there", async () => {
  show();
  expect(await screen.findByRole("link", { name: "Add a broker" })).toHaveAttribute("href", "/admin/bridges/broker/add/");
  expect(screen.getByRole("link", { name: "Add a device" })).toHaveAttribute("href", "/admin/devices/device/add/");
  expect(screen.getByRole("link", { name: "Which scale is this?" })).toHaveAttribute("href", "/admin/devices/device/identify/");
  expect(screen.getByRole("link", { name: "Look through the packs" })).toHaveAttribute("href", "/admin/bridges/ownpack/");
  expect(screen.getByText(/import_config/)).toBeVisible();
});

test("the demo says that it is one, and the note stays closed", async () => {
  const user = userEvent.setup();
  const first = show({ demo: true });
  await screen.findByText(/This is the demo/);
  await user.click(screen.getByRole("button", { name: "Close this note" }));
  expect(screen.queryByText(/This is the demo/)).toBeNull();
  first.unmount();
  show({ demo: true });
  await screen.findByRole("heading", { name: "Messages" });
  expect(screen.queryByText(/This is the demo/)).toBeNull();
});

test("a refused link says why in plain words and leads to its configuration", async () => {
  show({ links: [link({ state: "refused", detail: "The broker refused the password.", waiting: 12 })] });
  const tile = (await screen.findByText("Plant")).closest("li") as HTMLElement;
  expect(tile).toHaveTextContent("refused");
  expect(tile).toHaveTextContent("The broker refused the password.");
  expect(tile).toHaveTextContent("12 waiting");
  expect(within(tile).getByRole("link")).toHaveAttribute("href", "/admin/bridges/broker/?q=plant");
});

test("a working link with something to mend shows its warning", async () => {
  show({ links: [link({ warning: "This broker drops messages." })] });
  expect(await screen.findByText("This broker drops messages.")).toBeVisible();
  expect(screen.getByText("1 of 1 connected")).toBeVisible();
});

test("a device shows its reading, and a live message renews it", async () => {
  const { socket } = show({ links: [scaleLink], devices: [scale] });
  const card = (await screen.findByRole("heading", { name: "Lab scale" })).closest("li") as HTMLElement;
  expect(card).toHaveTextContent("12.5");
  const at = new Date(Date.now() + 1000).toISOString();
  socket.bring(events(message({ device: "scale", at, readings: [{ metric: "weight", value: 99.25, unit: "g" }] })));
  await waitFor(() => expect(card).toHaveTextContent("99.25"));
});

test("pressing a reading puts it into the chart", async () => {
  const user = userEvent.setup();
  show({ links: [scaleLink], devices: [scale] });
  expect(await screen.findByRole("img", { name: "weight over the last 5 minutes" })).toBeInTheDocument();
  await user.click(screen.getByRole("button", { name: /tare/ }));
  expect(screen.getByRole("img", { name: "tare over the last 5 minutes" })).toBeInTheDocument();
});

test("a device whose link is lost says so beside its old values", async () => {
  show({ links: [{ ...scaleLink, state: "lost" }], devices: [scale] });
  expect(await screen.findByText(/link lost/)).toBeVisible();
});

test("a command is sent to its device and offered again afterwards", async () => {
  const user = userEvent.setup();
  show({ links: [scaleLink], devices: [scale] });
  await user.type(await screen.findByRole("textbox", { name: "Command for Lab scale" }), "w{Enter}");
  expect(post).toHaveBeenCalledWith("/api/v1/devices/scale/commands", { payload: "w" });
  await user.click(await screen.findByRole("button", { name: "Send w" }));
  await waitFor(() => expect(post).toHaveBeenCalledTimes(2));
});

test("what the driver knows by name has a button each", async () => {
  const user = userEvent.setup();
  show({ links: [scaleLink], devices: [{ ...scale, commands: [{ name: "zero", label: "Zero" }, { name: "print", label: "Weigh now" }] }] });
  const commands = within(await screen.findByRole("group", { name: "Commands of Lab scale" }));
  await user.click(commands.getByRole("button", { name: "Weigh now" }));
  expect(post).toHaveBeenCalledWith("/api/v1/devices/scale/commands", { command: "print" });
});

test("a device without such commands shows no empty row", async () => {
  show({ links: [scaleLink], devices: [scale] });
  await screen.findByRole("textbox", { name: "Command for Lab scale" });
  expect(screen.queryByRole("group", { name: "Commands of Lab scale" })).toBeNull();
});

test("bytes can be typed in hexadecimal, and a slip of the finger is not sent", async () => {
  const user = userEvent.setup();
  show({ links: [scaleLink], devices: [scale] });
  await user.click(await screen.findByRole("button", { name: "hex" }));
  const box = screen.getByRole("textbox", { name: "Command for Lab scale" });
  await user.type(box, "1b 4{Enter}");
  expect(await screen.findByText(/Two hexadecimal digits/)).toBeVisible();
  expect(post).not.toHaveBeenCalled();
  await user.type(box, "0{Enter}");
  expect(post).toHaveBeenCalledWith("/api/v1/devices/scale/commands", { hex: "1b40" });
});

test("a device behind a topic has no box for commands", async () => {
  show({ devices: [device({ label: "Kitchen" })] });
  await screen.findByRole("heading", { name: "Kitchen" });
  expect(screen.queryByRole("button", { name: "Send" })).toBeNull();
});

test("a changed configuration fetches a new snapshot by itself", async () => {
  const { socket } = show();
  await screen.findByText("Nothing is plugged in yet");
  socket.bring(events({ kind: "config", version: 2 }));
  await waitFor(() => expect(socket.sent).toEqual(['{"type":"resync"}']));
});

test("waiting counts are set right by a snapshot now and then", async () => {
  vi.useFakeTimers();
  const { socket } = show({ links: [link({ waiting: 3 })] });
  await act(() => vi.advanceTimersByTimeAsync(31_000));
  expect(socket.sent).toContain('{"type":"resync"}');
  vi.useRealTimers();
});
