// Says that the shown devices are simulated; goes away when it is closed, and stays away in this browser.

import { CloseButton } from "@mantine/core";
import { useLocalStorage } from "@mantine/hooks";
import { IconFlask } from "@tabler/icons-react";

import classes from "./DemoNote.module.css";
import { useLive } from "./hooks";

export function DemoNote() {
  const isDemo = useLive((state) => state.isDemo);
  const [isClosed, setClosed] = useLocalStorage({
    key: "patchbay-demo-note-closed",
    defaultValue: false,
    getInitialValueInEffect: false,
  });
  if (!isDemo || isClosed) return null;
  return (
    <aside className={classes.note} aria-label="About this demo">
      <IconFlask size={17} aria-hidden />
      <p>This is the demo: simulated devices, and brokers that keep nothing over a restart.</p>
      <CloseButton size="sm" aria-label="Close this note" onClick={() => setClosed(true)} />
    </aside>
  );
}
