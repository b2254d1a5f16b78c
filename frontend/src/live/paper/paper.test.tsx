import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { delivery, device, events, link } from "../../testing/events";
import { renderLive } from "../../testing/render";
import type { Delivery, Link } from "../protocol";

import { Papers } from "./Papers";

const post = vi.fn();
let answer: { status: number; body: object };

beforeEach(() => {
  localStorage.clear();
  post.mockReset();
  answer = { status: 202, body: { delivery: "d-again" } };
  vi.stubGlobal("fetch", (url: string, init?: RequestInit) => {
    post(url, init?.method);
    return Promise.resolve(new Response(JSON.stringify(answer.body), { status: answer.status }));
  });
});

afterEach(() => vi.unstubAllGlobals());

const printer = device({ name: "printer", label: "Till", driver: "escpos", link: "device:printer" });
const printed = delivery({ id: "d-1", text: "Receipt 1\n", rule: "till" });
const doubtful = delivery({ id: "d-x", text: "Receipt 2\n", state: "unknown", reason: "The port closed." });

async function show(writes: Delivery[], its: Partial<Link> = {}) {
  const links = [link({ key: "device:printer", label: "Till", ...its })];
  const drawn = renderLive(<Papers />, { devices: [printer], links, writes });
  return { ...drawn, paper: await screen.findByRole("list", { name: "Paper of Till" }), user: userEvent.setup() };
}

function again(given: Partial<Delivery>) {
  return delivery({ id: "d-again", text: "Receipt 1\n", ...given });
}

test("slips lie newest at the bottom, each with what became of it", async () => {
  const { paper } = await show([delivery({ text: "Receipt 3\n", at: "2026-01-12T10:00:05Z" }), doubtful]);
  const slips = within(paper).getAllByRole("listitem");
  expect(slips[0]).toHaveTextContent(/Receipt 2.*unknown.*The port closed/);
  expect(slips[1]).toHaveTextContent(/Receipt 3.*by hand.*printed/);
  expect(screen.getByRole("status")).toHaveTextContent("ready");
});

test("a printer without paper says so, and so do the jobs that wait for it", async () => {
  const { paper, socket } = await show([delivery({ state: "waiting" })], { warning: "paper-out: the printer has no paper" });
  expect(within(paper).getByText("paper out")).toBeVisible();
  expect(screen.getByRole("status")).toHaveTextContent("paper out, 1 queued");
  socket.bring(events({ ...link({ key: "device:printer" }), warning: "" }));
  expect(await within(paper).findByText("queued")).toBeVisible();
});

test("a printed slip is printed again after a question, and its way is shown", async () => {
  const { socket, user } = await show([printed]);
  await user.click(screen.getByRole("button", { name: /^Print the slip of/ }));
  const dialog = await screen.findByRole("dialog", { name: "Print again?" });
  expect(dialog).toHaveTextContent("Receipt 1");
  expect(post).not.toHaveBeenCalled();
  await user.click(within(dialog).getByRole("button", { name: "Print again" }));
  expect(post).toHaveBeenCalledWith("/api/v1/deliveries/d-1/repeat", "POST");
  expect(await within(dialog).findByRole("status")).toHaveTextContent("queued");
  socket.bring(events(again({ state: "delivered" })));
  await waitFor(() => expect(within(dialog).getByRole("status")).toHaveTextContent("printed"));
  await user.click(within(dialog).getByRole("button", { name: "Done" }));
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
});

test("the question is answered by keyboard, and can be taken back", async () => {
  const { user } = await show([delivery({ id: "d-0", at: "2026-01-12T09:00:00Z" }), printed]);
  screen.getByRole("list", { name: "Paper of Till" }).focus();
  await user.tab();
  await user.keyboard("{ArrowUp}{ArrowUp}{Enter}");
  await screen.findByRole("dialog");
  await user.keyboard("{Escape}");
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  expect(post).not.toHaveBeenCalled();
  const paper = screen.getByRole("list", { name: "Paper of Till" });
  await waitFor(() => expect(paper).toContainElement(document.activeElement as HTMLElement));
  await user.keyboard("{ArrowDown}{Enter}");
  const dialog = await screen.findByRole("dialog");
  await waitFor(() => expect(within(dialog).getByRole("button", { name: "Print again" })).toHaveFocus());
  await user.keyboard("{Enter}");
  expect(post).toHaveBeenCalledWith("/api/v1/deliveries/d-1/repeat", "POST");
});

test("a refusal of the hub is said in its own words", async () => {
  answer = { status: 409, body: { detail: "This device is disabled." } };
  const { user } = await show([printed]);
  await user.click(screen.getByRole("button", { name: /^Print the slip of/ }));
  await user.click(await screen.findByRole("button", { name: "Print again" }));
  expect(await screen.findByRole("alert")).toHaveTextContent("This device is disabled.");
});

test("a doubtful job is sent again as the job that it is", async () => {
  answer.body = { delivery: "d-x" };
  const { socket, user } = await show([doubtful]);
  await user.click(screen.getByRole("button", { name: "Print again" }));
  const dialog = await screen.findByRole("dialog");
  expect(dialog).toHaveTextContent("The port closed.");
  await user.click(within(dialog).getByRole("button", { name: "Print again" }));
  expect(post).toHaveBeenCalledWith("/api/v1/deliveries/d-x/redrive", "POST");
  expect(await within(dialog).findByRole("status")).toHaveTextContent("queued");
  socket.bring(events({ ...doubtful, state: "sending", reason: "" }));
  await waitFor(() => expect(within(dialog).getByRole("status")).toHaveTextContent("printing"));
});

test("a doubtful job can be left as it is, and is not asked about again in this browser", async () => {
  const { paper, user, unmount } = await show([doubtful]);
  await user.click(within(paper).getByRole("button", { name: "Leave" }));
  expect(within(paper).queryByRole("button")).toBeNull();
  expect(within(paper).getByText("unknown")).toBeVisible();
  expect(post).not.toHaveBeenCalled();
  unmount();
  const second = await show([doubtful]);
  expect(within(second.paper).queryByRole("button")).toBeNull();
});

test("a job whose ticket could not be made is not offered again, and says what helps", async () => {
  const { paper } = await show([delivery({ state: "dead", text: "{}", reason: "the ticket till could not be made: 'a' is undefined" })]);
  expect(within(paper).getByText(/Mend the ticket/)).toBeVisible();
  expect(within(paper).queryByRole("button")).toBeNull();
});

test("a reason that is no sentence becomes one in the question", async () => {
  const { user } = await show([{ ...doubtful, reason: "the port closed" }]);
  await user.click(screen.getByRole("button", { name: "Print again" }));
  expect(await screen.findByRole("dialog")).toHaveTextContent("The port closed. Till is to print it:");
});

test("a receipt keeps its lines whole, however wide", async () => {
  const wide = "Total" + " ".repeat(35) + "5";
  const { paper } = await show([delivery({ text: `${wide}\n` }), delivery({ text: "short\n", at: "2026-01-12T10:00:05Z" })]);
  expect(paper.querySelectorAll("pre[data-wide]")).toHaveLength(1);
  expect(paper.querySelector("pre[data-wide]")?.textContent).toBe(wide);
});
