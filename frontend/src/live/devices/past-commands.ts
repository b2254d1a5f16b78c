// The commands offered as buttons: what rules and people have sent to this device before. Pure.

import type { Delivery } from "../protocol";

const OFFERED = 4;
const LONGEST = 12;

/** The latest different short texts sent to a device, those of this browser first. */
export function offeredCommands(own: readonly string[], writes: readonly Delivery[]): string[] {
  const sent = writes.filter((write) => !write.is_binary).map((write) => write.text.trimEnd());
  const all = [...own, ...sent.reverse()].filter((text) => text !== "" && text.length <= LONGEST && !text.includes("\n"));
  return [...new Set(all)].slice(0, OFFERED);
}

/** The list with this command at its front. */
export function remembered(own: readonly string[], command: string): string[] {
  return [command, ...own.filter((one) => one !== command)].slice(0, OFFERED);
}
