// The filter box and the pause button of the tail.

import { Button, CloseButton, TextInput } from "@mantine/core";
import { IconFilter, IconPlayerPause, IconPlayerPlay } from "@tabler/icons-react";

import { formatCount } from "../../format/number";
import { useLive, useLiveStore } from "../hooks";
import { pause, resume } from "../tail-state";

import classes from "./Tail.module.css";

export function TailTools({ filter, onFilter }: { filter: string; onFilter: (text: string) => void }) {
  return (
    <>
      <TextInput
        size="xs"
        className={classes.filter}
        aria-label="Filter by topic, device, source or text"
        placeholder="Filter by topic, device, source, text"
        leftSection={<IconFilter size={14} />}
        rightSection={filter && <CloseButton size="xs" aria-label="Clear the filter" onClick={() => onFilter("")} />}
        value={filter}
        onChange={(event) => onFilter(event.currentTarget.value)}
        onKeyDown={(event) => event.key === "Escape" && onFilter("")}
      />
      <PauseButton />
    </>
  );
}

function PauseButton() {
  const store = useLiveStore();
  const isPaused = useLive((state) => state.tail.isPaused);
  const missed = useLive((state) => state.tail.missed);
  if (!isPaused)
    return (
      <Button size="xs" variant="default" className={classes.pause} leftSection={<IconPlayerPause size={14} />} onClick={() => store.changeTail(pause)}>
        Pause
      </Button>
    );
  return (
    <Button size="xs" className={classes.pause} leftSection={<IconPlayerPlay size={14} />} onClick={() => store.changeTail(resume)}>
      Resume · {formatCount(missed)} new
    </Button>
  );
}
