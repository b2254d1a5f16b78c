// The links of the hub and how many deliveries wait for each. Pure.

import type { Delivery, DeliveryState, Link, LinkEvent } from "./protocol";

export type Links = Readonly<Record<string, Link>>;

export function linksOf(snapshot: readonly Link[]): Links {
  return Object.fromEntries(snapshot.map((link) => [link.key, link]));
}

/** The links after one change of state; an event carries neither label nor waiting count. */
export function applyLink(links: Links, event: LinkEvent): Links {
  const known = links[event.key];
  const link: Link = { label: nameOf(event.key), waiting: 0, ...known, ...event };
  return { ...links, [event.key]: link };
}

/** Whether a delivery in this state is still on its way. */
export function isOpen(state: DeliveryState): boolean {
  return state === "waiting" || state === "sending";
}

/**
 * What one delivery event does to the waiting count of its target: +1, -1 or 0. Deliveries from before the
 * snapshot are in its count already; later ones count from their first open event.
 */
export function waitingChange(delivery: Delivery, wasOpen: boolean | undefined, snapshotAt: string): number {
  const before = wasOpen ?? delivery.at <= snapshotAt;
  return Number(isOpen(delivery.state)) - Number(before);
}

export function changeWaiting(links: Links, changes: ReadonlyMap<string, number>): Links {
  const changed: Record<string, Link> = {};
  for (const [key, change] of changes) {
    const link = links[key];
    if (link && change !== 0) changed[key] = { ...link, waiting: Math.max(0, link.waiting + change) };
  }
  return Object.keys(changed).length === 0 ? links : { ...links, ...changed };
}

/** 'plant' of 'broker:plant'. */
export function nameOf(key: string): string {
  return key.slice(key.indexOf(":") + 1);
}

/** Whether a link is a session with a broker: for messages that are stored, or for those in transit. */
export function isBroker(key: string): boolean {
  return key.startsWith("broker:") || key.startsWith("transit:");
}

function urgency(link: Link): number {
  return link.state === "refused" ? 0 : link.state === "lost" ? 1 : link.state === "disabled" ? 3 : 2;
}

/** Those that need a person first, then brokers before serial ports, then by label. */
export function inOrder(links: Links): Link[] {
  return Object.values(links).sort(
    (a, b) =>
      urgency(a) - urgency(b) ||
      Number(isBroker(b.key)) - Number(isBroker(a.key)) ||
      a.label.localeCompare(b.label),
  );
}

/** The page of the admin where this link's row can be found. */
export function adminListUrl(adminUrl: string, key: string): string {
  const list = isBroker(key) ? "bridges/broker/" : "devices/device/";
  return `${adminUrl}${list}?q=${encodeURIComponent(nameOf(key))}`;
}

export function summary(links: Links): string {
  const all = Object.values(links).filter((link) => link.state !== "disabled");
  const troubled = all.filter((link) => urgency(link) < 2).length;
  const connected = all.filter((link) => link.state === "connected").length;
  const head = `${connected} of ${all.length} connected`;
  return troubled ? `${head}, ${troubled} in trouble` : head;
}
