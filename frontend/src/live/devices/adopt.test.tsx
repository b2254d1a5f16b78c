import { act, fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { device, snapshot } from "../../testing/events";
import { renderLive } from "../../testing/render";
import { LivePage } from "../LivePage";

import { inHeldOrder, RELEASE_MS } from "./held-order";

vi.mock("./draw-chart", () => ({ drawChart: () => ({ show: () => undefined, destroy: () => undefined }) }));

const post = vi.fn();

beforeEach(() => {
  post.mockReset();
  vi.stubGlobal("fetch", (url: string, init?: RequestInit) => {
    if (init?.method === "POST") post(url);
    return Promise.resolve(new Response(JSON.stringify({ next: null, results: [] })));
  });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const seen = ["attic", "garage"].map((name) => device({ name, label: name, is_known: false }));
const garageAdopted = seen.map((one) => ({ ...one, is_known: one.name === "garage" }));

function cards(): (string | null)[] {
  const list = screen.getByRole("heading", { name: "attic" }).closest("ul") as HTMLElement;
  return within(list).getAllByRole("heading").map((one) => one.textContent);
}

test("what is new comes last as long as an order is held", () => {
  const named = (...names: string[]) => names.map((name) => ({ name }));
  expect(inHeldOrder(named("new", "b", "a"), ["a", "b", "gone"])).toEqual(named("a", "b", "new"));
});

test("an adopted card stays where it is while somebody points at the cards, then goes to its place", async () => {
  const { socket } = renderLive(<LivePage />, { devices: seen });
  const list = (await screen.findByRole("heading", { name: "attic" })).closest("ul") as HTMLElement;
  vi.useFakeTimers();
  fireEvent.pointerEnter(list);
  act(() => {
    socket.bring(snapshot({ devices: garageAdopted }));
    vi.advanceTimersByTime(100);
  });
  expect(screen.queryByRole("button", { name: "Adopt garage" })).toBeNull();
  expect(cards()).toEqual(["attic", "garage"]);
  fireEvent.pointerLeave(list);
  act(() => void vi.advanceTimersByTime(RELEASE_MS - 1));
  expect(cards()).toEqual(["attic", "garage"]);
  act(() => void vi.advanceTimersByTime(1));
  expect(cards()).toEqual(["garage", "attic"]);
});

test("whoever has adopted a device is led to its page, but not by the second half of a double click", async () => {
  const user = userEvent.setup();
  const { socket } = renderLive(<LivePage />, { devices: seen });
  await user.click(await screen.findByRole("button", { name: "Adopt garage" }));
  const link = await screen.findByRole("link", { name: "Open its page" });
  expect(link).toHaveAttribute("href", "/admin/devices/device/named/garage/");
  expect(screen.getByRole("status")).toHaveTextContent("Adopted.");
  expect(fireEvent.click(link)).toBe(false);
  vi.spyOn(Date, "now").mockReturnValue(Date.now() + 1_000);
  expect(fireEvent.click(link)).toBe(true);
  vi.mocked(Date.now).mockRestore();
  act(() => socket.bring(snapshot({ devices: garageAdopted })));
  await waitFor(() => expect(screen.getByRole("link", { name: "garage" })).toBeVisible());
  expect(screen.getByRole("link", { name: "Open its page" })).toBeVisible();
  expect(post).toHaveBeenCalledTimes(1);
});

test("the title of a device leads to its page; one that was only seen has none", async () => {
  renderLive(<LivePage />, { devices: garageAdopted });
  expect(await screen.findByRole("link", { name: "garage" })).toHaveAttribute("href", "/admin/devices/device/named/garage/");
  expect(screen.queryByRole("link", { name: "attic" })).toBeNull();
});
