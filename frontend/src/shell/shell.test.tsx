import { act, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";

import { FakeSocket } from "../testing/fake-socket";
import { renderLive } from "../testing/render";
import { page } from "../page";

import { ErrorBoundary } from "./ErrorBoundary";
import { Footer } from "./Footer";
import { Header } from "./Header";
import { pageAt } from "./pages";

test("the header says live, and leads to the configuration and the API", () => {
  renderLive(<Header />);
  expect(screen.getByRole("status")).toHaveTextContent("Live");
  expect(screen.getByRole("link", { name: "Configure" })).toHaveAttribute("href", "/admin/");
  expect(screen.getByRole("link", { name: "API docs" })).toHaveAttribute("href", "/api/docs/");
});

test("a lost connection says when it is tried again, and can be tried now", async () => {
  const user = userEvent.setup();
  const { socket } = renderLive(<Header />);
  const before = FakeSocket.opened.length;
  vi.spyOn(Math, "random").mockReturnValue(1);
  act(() => socket.break());
  expect(await screen.findByText(/reconnecting in \d+ s/)).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Try now" }));
  await waitFor(() => expect(FakeSocket.opened.length).toBeGreaterThan(before));
});

test("the countdown is not read out, the loss is", async () => {
  const { socket } = renderLive(<Header />);
  act(() => socket.break());
  await waitFor(() => expect(screen.getByRole("status")).toHaveTextContent("The connection to the hub is lost, trying again"));
  expect(screen.getByText(/reconnecting/).closest("[aria-hidden]")).not.toBeNull();
});

test("an ended session leads to the sign-in and back to this page", async () => {
  const { socket } = renderLive(<Header />);
  act(() => socket.break(4401));
  expect(await screen.findByRole("link", { name: /sign in again/ })).toHaveAttribute("href", "/login/?next=%2F");
});

test("signing out is a POST", () => {
  renderLive(<Header />);
  const button = screen.getByRole<HTMLButtonElement>("button", { name: "Sign out" });
  expect(button.form).toHaveAttribute("method", "post");
  expect(button.form).toHaveAttribute("action", "/logout/");
});

test("the footer names the version, and leads to what a person does next", () => {
  page.version = "0.1.0 (4fd2e51)";
  page.packsUrl = "";
  renderLive(<Footer />);
  expect(screen.getByText("Patchbay 0.1.0 (4fd2e51)")).toBeVisible();
  const names = screen.getAllByRole("link").map((link) => link.textContent);
  expect(names).toEqual(["Add a device", "Which scale is this?", "Connect a broker", "Write a rule", "Set an alert"]);
  expect(screen.getByRole("link", { name: "Write a rule" })).toHaveAttribute("href", "/admin/bridges/rule/add/");
});

test("every address has a page", () => {
  expect(pageAt("/").label).toBe("Live");
  expect(pageAt("/nowhere/").label).toBe("Live");
});

test("a fault of the page is said in words, with a way out", () => {
  const silence = vi.spyOn(console, "error").mockImplementation(() => undefined);
  const Broken = () => {
    throw new Error("no such chart");
  };
  renderLive(
    <ErrorBoundary>
      <Broken />
    </ErrorBoundary>,
  );
  expect(screen.getByRole("main")).toHaveTextContent("no such chart");
  expect(screen.getByRole("button", { name: "Load the page again" })).toBeVisible();
  silence.mockRestore();
});
