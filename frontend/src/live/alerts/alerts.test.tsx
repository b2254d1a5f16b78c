import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { alert, device, events } from "../../testing/events";
import { renderLive } from "../../testing/render";
import { LivePage } from "../LivePage";

vi.mock("../devices/draw-chart", () => ({ drawChart: () => ({ show: () => undefined, destroy: () => undefined }) }));

const post = vi.fn();
let status = 200;

beforeEach(() => {
  post.mockReset();
  status = 200;
  vi.stubGlobal("fetch", (url: string, init?: RequestInit) => {
    if (init?.method === "POST") post(url);
    const body = status === 200 ? { next: null, results: [] } : { detail: "This cannot be a device's name." };
    return Promise.resolve(new Response(JSON.stringify(body), { status: init?.method === "POST" ? status : 200 }));
  });
});

afterEach(() => vi.unstubAllGlobals());

test("without alerts there is no strip", async () => {
  renderLive(<LivePage />);
  await screen.findByRole("heading", { name: "Messages" });
  expect(screen.queryByRole("heading", { name: "Alerts" })).toBeNull();
});

test("an alert is acknowledged by a button, and leaves when it is over", async () => {
  const user = userEvent.setup();
  const open = alert({ id: 7, severity: "critical", detail: "broker:plant is lost." });
  const { socket } = renderLive(<LivePage />, { alerts: [open] });
  const strip = within(await screen.findByRole("region", { name: "Alerts" }));
  expect(strip.getByText("1 open")).toBeVisible();
  await user.click(strip.getByRole("button", { name: "Acknowledge" }));
  expect(post).toHaveBeenCalledWith("/api/v1/alerts/7/acknowledge");
  socket.bring(events({ ...open, state: "acknowledged", acknowledged_by: "anna" }));
  expect(await strip.findByText("anna")).toBeVisible();
  expect(strip.queryByRole("button")).toBeNull();
  socket.bring({ ...events({ ...open, state: "cleared" }), seq: 3 });
  await waitFor(() => expect(screen.queryByRole("heading", { name: "Alerts" })).toBeNull());
});

test("many alerts do not push the page away", async () => {
  renderLive(<LivePage />, { alerts: Array.from({ length: 9 }, () => alert()) });
  const strip = within(await screen.findByRole("region", { name: "Alerts" }));
  expect(strip.getAllByRole("listitem")).toHaveLength(6);
  expect(strip.getByText("and 3 more")).toBeVisible();
});

test("a device that announced itself is adopted by one click; a refusal says why", async () => {
  const user = userEvent.setup();
  status = 409;
  renderLive(<LivePage />, { devices: [device({ name: "esp", is_known: false }), device({ name: "scale" })] });
  await user.click(await screen.findByRole("button", { name: "Adopt esp" }));
  expect(post).toHaveBeenCalledWith("/api/v1/seen-devices/esp/adopt");
  expect(await screen.findByText("This cannot be a device's name.")).toBeVisible();
  expect(screen.queryByRole("button", { name: "Adopt scale" })).toBeNull();
});
