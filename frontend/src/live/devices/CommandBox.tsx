// Sends a text or a single byte to a serial device. It becomes a delivery like any other, with its state shown.

import { Button, TextInput } from "@mantine/core";
import { useMemo, useState } from "react";

import { oneLine } from "../../format/payload";
import { useLive } from "../hooks";
import { writesTo } from "../store";

import classes from "./CommandBox.module.css";
import { LastWrite } from "./LastWrite";
import { offeredCommands } from "./past-commands";
import { useCommand } from "./use-command";

export function CommandBox({ device, label }: { device: string; label: string }) {
  const [text, setText] = useState("");
  const { own, send, isPending, error } = useCommand(device);
  const writes = useLive((state) => state.writes);
  const past = useMemo(() => writesTo(writes, `device:${device}`, 30), [writes, device]);
  const submit = (event: React.SubmitEvent) => {
    event.preventDefault();
    if (text !== "") send(text, { onSuccess: () => setText("") });
  };
  return (
    <form className={classes.box} onSubmit={submit}>
      <div className={classes.foot}>
        {offeredCommands(own, past).map((command) => (
          <button key={command} type="button" className={classes.past} onClick={() => send(command)} aria-label={`Send ${command} again`}>
            {oneLine(command)}
          </button>
        ))}
        <LastWrite write={past.at(-1)} />
      </div>
      <div className={classes.line}>
        <TextInput
          size="xs"
          className={classes.input}
          aria-label={`Command for ${label}`}
          placeholder="Send a command, e.g. w"
          autoComplete="off"
          spellCheck={false}
          value={text}
          error={error?.message}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <Button size="xs" variant="default" type="submit" loading={isPending} disabled={text === ""}>
          Send
        </Button>
      </div>
    </form>
  );
}
