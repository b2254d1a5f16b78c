// What a person typed into a command box, as a command. Pure.

import type { Command } from "../../api/commands";

/** The command, or why there is none. Hexadecimal may be written with blanks and colons between the bytes. */
export function typedCommand(text: string, isHex: boolean): Command | { fault: string } {
  if (!isHex) return { payload: text };
  const hex = text.replace(/[\s:]|0x/gi, "");
  return /^([0-9a-f]{2})+$/i.test(hex) ? { hex } : { fault: "Two hexadecimal digits for each byte, e.g. 1b 40" };
}
