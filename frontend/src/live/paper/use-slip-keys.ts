// From the newest slip's button, arrow keys move to those of the others: forty buttons would be forty presses of Tab.

import { useCallback } from "react";

export function useSlipKeys() {
  return useCallback((event: React.KeyboardEvent<HTMLElement>) => {
    if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
    const buttons = [...event.currentTarget.querySelectorAll("button")];
    const at = buttons.findIndex((button) => button === document.activeElement);
    const button = at < 0 ? undefined : buttons[at + (event.key === "ArrowDown" ? 1 : -1)];
    if (!button) return;
    event.preventDefault();
    button.focus();
  }, []);
}
