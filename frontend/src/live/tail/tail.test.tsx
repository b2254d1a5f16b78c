import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";

import { delivery, events, message } from "../../testing/events";
import { renderLive } from "../../testing/render";
import type { Message } from "../protocol";

import { LiveTail } from "./LiveTail";

function show(...messages: Message[]) {
  return renderLive(<LiveTail />, { messages });
}

function rowTexts(): string[] {
  return screen.getAllByRole("row").slice(1).map((row) => row.textContent);
}

function scrollerOf(): HTMLElement {
  return screen.getByRole("table").lastElementChild as HTMLElement;
}

test("the newest message is on top", async () => {
  show(message({ text: "first" }), message({ text: "second" }));
  await waitFor(() => expect(rowTexts()[0]).toContain("second"));
  expect(rowTexts()[1]).toContain("first");
});

test("a new message appears by itself", async () => {
  const { socket } = show();
  socket.bring(events(message({ text: "just arrived" })));
  expect(await screen.findByText("just arrived")).toBeVisible();
});

test("pausing holds the rows and counts what comes; resuming shows it", async () => {
  const user = userEvent.setup();
  const { socket } = show(message({ text: "before" }));
  await user.click(await screen.findByRole("button", { name: "Pause" }));
  socket.bring(events(message({ text: "meanwhile" }), message()));
  const resume = await screen.findByRole("button", { name: "Resume · 2 new" });
  expect(screen.queryByText("meanwhile")).toBeNull();
  await user.click(resume);
  expect(await screen.findByText("meanwhile")).toBeVisible();
});

test("scrolling away pauses, coming back to the top resumes", async () => {
  const { store } = show(message());
  await screen.findByText("hello");
  const scroller = scrollerOf();
  fireEvent.scroll(scroller, { target: { scrollTop: 90 } });
  expect(store.getState().tail.isPaused).toBe(true);
  fireEvent.scroll(scroller, { target: { scrollTop: 0 } });
  expect(store.getState().tail.isPaused).toBe(false);
});

test("a pause by the button is not ended by scrolling to the top", async () => {
  const user = userEvent.setup();
  const { store } = show(message());
  await user.click(await screen.findByRole("button", { name: "Pause" }));
  const scroller = scrollerOf();
  fireEvent.scroll(scroller, { target: { scrollTop: 90 } });
  fireEvent.scroll(scroller, { target: { scrollTop: 0 } });
  expect(store.getState().tail.isPaused).toBe(true);
});

test("the filter leaves what matches, and Escape clears it", async () => {
  const user = userEvent.setup();
  show(message({ topic: "kitchen", text: "one" }), message({ topic: "garage", text: "two" }));
  const box = await screen.findByRole("textbox", { name: /Filter/ });
  await user.type(box, "garage");
  await waitFor(() => expect(rowTexts()).toHaveLength(1));
  expect(rowTexts()[0]).toContain("two");
  await user.type(box, "{Escape}");
  await waitFor(() => expect(rowTexts()).toHaveLength(2));
});

test("an empty table says why", async () => {
  const user = userEvent.setup();
  show();
  expect(await screen.findByText(/No messages yet/)).toBeVisible();
  await user.type(screen.getByRole("textbox"), "x");
  expect(await screen.findByText(/No message matches/)).toBeVisible();
});

test("dead letters, duplicates and gaps are marked in words", async () => {
  show(message({ fault: "Not JSON at 14" }), message({ duplicate_of: "m1" }), message({ message_kind: "gap" }));
  await waitFor(() => expect(rowTexts()).toHaveLength(3));
  const [gap, duplicate, dead] = rowTexts();
  expect(gap).toContain("gap");
  expect(duplicate).toContain("duplicate");
  expect(dead).toContain("dead letter");
  expect(dead).toContain("Not JSON at 14");
});

test("of five hundred rows only those in sight are drawn", async () => {
  show(...Array.from({ length: 500 }, () => message()));
  await waitFor(() => expect(rowTexts().length).toBeGreaterThan(5));
  expect(rowTexts().length).toBeLessThan(40);
  expect(screen.getByRole("table")).toHaveAttribute("aria-rowcount", "501");
});

test("a click opens all that is known of a message, Escape closes it", async () => {
  const user = userEvent.setup();
  const dead = message({
    id: "m-dead", text: '{"t":1}', size: 7, fault: "Unknown device", readings: [{ metric: "t", value: 1, unit: "°C" }],
  });
  const { socket } = show(dead);
  socket.bring(events(delivery({ message: "m-dead", target: "broker:office", state: "dead", reason: "Topic is not allowed" })));
  await user.click(await screen.findByRole("button", { name: /Open the message/ }));
  const drawer = within(await screen.findByRole("dialog"));
  expect(drawer.getByText("Unknown device")).toBeInTheDocument();
  expect(drawer.getByText(/"t": 1/)).toBeInTheDocument();
  expect(drawer.getByRole("rowheader", { name: "t" })).toBeInTheDocument();
  expect(drawer.getByText("Topic is not allowed")).toBeInTheDocument();
  await user.keyboard("{Escape}");
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
});

test("a binary payload is shown as a hex dump", async () => {
  const user = userEvent.setup();
  show(message({ text: "1b40", is_binary: true, size: 2 }));
  await user.click(await screen.findByRole("button", { name: /Open the message/ }));
  expect(within(await screen.findByRole("dialog")).getByText(/0000 1b 40/)).toBeInTheDocument();
});

test("arrow keys pause and move from row to row, Enter opens", async () => {
  const user = userEvent.setup();
  const { store } = show(message({ text: "older" }), message({ text: "newer" }));
  const [newest] = await screen.findAllByRole("button", { name: /Open the message/ });
  newest?.focus();
  await user.keyboard("{ArrowDown}");
  expect(store.getState().tail.isPaused).toBe(true);
  await waitFor(() => expect(document.activeElement?.closest("[role=row]")?.textContent).toContain("older"));
  await user.keyboard("{Enter}");
  expect(within(await screen.findByRole("dialog")).getByText("older")).toBeInTheDocument();
});
