import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { delivery, events, link } from "../../testing/events";
import { renderLive } from "../../testing/render";
import type { LinkState } from "../protocol";

import { CommandBox } from "./CommandBox";

beforeEach(() => {
  localStorage.clear();
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(JSON.stringify({ delivery: "d-5" }), { status: 202 })));
});

afterEach(() => vi.unstubAllGlobals());

async function send(state: LinkState) {
  const writes = [delivery({ id: "d-1", target: "device:scale", text: "w" })];
  const drawn = renderLive(<CommandBox device="scale" label="Scale" commands={[]} />, { links: [link({ key: "device:scale", state })], writes });
  await userEvent.type(await screen.findByRole("textbox", { name: "Command for Scale" }), "s{Enter}");
  return drawn;
}

test("a command that was sent waits for its answer, and then shows what became of it", async () => {
  const { socket } = await send("connected");
  expect(await screen.findByText(/sent, waiting for the answer/)).toHaveTextContent("s: sent");
  socket.bring(events(delivery({ id: "d-5", target: "device:scale", text: "s", at: new Date().toISOString() })));
  expect(await screen.findByText("delivered")).toBeVisible();
  expect(screen.queryByText(/waiting for the answer/)).toBeNull();
});

test("a command for a device that is away waits for the device", async () => {
  await send("lost");
  expect(await screen.findByText(/waits until the device is there/)).toBeVisible();
});

test("a command whose end was missed gives way to a later one", async () => {
  const { socket } = await send("connected");
  await screen.findByText(/sent, waiting/);
  socket.bring(events(delivery({ id: "d-6", target: "device:scale", text: "t", at: new Date().toISOString() })));
  expect(await screen.findByText("delivered")).toBeVisible();
});
