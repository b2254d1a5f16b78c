import { expect, test } from "vitest";

import { at, delivery, link, linkEvent, T0 } from "../testing/events";

import { adminListUrl, applyLink, changeWaiting, inOrder, linksOf, summary, waitingChange } from "./link-state";

test("an event changes the state and keeps label and waiting count", () => {
  const links = linksOf([link({ waiting: 7 })]);
  const event = linkEvent({ state: "refused", detail: "Bad password" });
  expect(applyLink(links, event)["broker:plant"]).toMatchObject({ label: "Plant", waiting: 7, state: "refused", detail: "Bad password" });
});

test("a link that the snapshot did not know gets its name as label", () => {
  const event = linkEvent({ key: "device:new-scale" });
  expect(applyLink({}, event)["device:new-scale"]).toMatchObject({ label: "new-scale", waiting: 0 });
});

test.each([
  ["created after the snapshot", "waiting", undefined, 5, 1],
  ["still waiting", "sending", true, 5, 0],
  ["delivered", "delivered", true, 5, -1],
  ["delivered at once", "delivered", undefined, 5, 0],
  ["delivered, known to the snapshot", "delivered", undefined, -5, -1],
  ["told again after its end", "delivered", false, -5, 0],
  ["sent again", "waiting", false, -5, 1],
] as const)("a delivery %s changes the count", (_, state, wasOpen, seconds, change) => {
  expect(waitingChange(delivery({ state, at: at(seconds) }), wasOpen, T0)).toBe(change);
});

test("a count never falls below nothing", () => {
  expect(changeWaiting(linksOf([link({ waiting: 1 })]), new Map([["broker:plant", -3]]))["broker:plant"]?.waiting).toBe(0);
});

test("links that need a person come first, then brokers, then serial ports", () => {
  const links = linksOf([
    link({ key: "device:a", label: "A" }),
    link({ key: "broker:b", label: "B" }),
    link({ key: "device:c", label: "C", state: "lost" }),
    link({ key: "broker:d", label: "D", state: "disabled" }),
    link({ key: "device:e", label: "E", state: "refused" }),
  ]);
  expect(inOrder(links).map((one) => one.label)).toEqual(["E", "C", "B", "A", "D"]);
});

test("the summary counts the connected and the troubled, and leaves the disabled out", () => {
  const links = linksOf([link(), link({ key: "broker:x", state: "refused" }), link({ key: "device:y", state: "disabled" })]);
  expect(summary(links)).toBe("1 of 2 connected, 1 in trouble");
});

test("each kind of link leads to its own list in the admin", () => {
  expect(adminListUrl("/admin/", "broker:plant")).toBe("/admin/bridges/broker/?q=plant");
  expect(adminListUrl("/admin/", "transit:plant")).toBe("/admin/bridges/broker/?q=plant");
  expect(adminListUrl("/admin/", "device:scale")).toBe("/admin/devices/device/?q=scale");
});
