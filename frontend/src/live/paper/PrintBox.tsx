// Prints a text typed by hand.

import { Button, Textarea } from "@mantine/core";
import { useState } from "react";

import { useCommand } from "../devices/use-command";

import classes from "./Paper.module.css";

export function PrintBox({ device, label }: { device: string; label: string }) {
  const [text, setText] = useState("");
  const { send, isPending, error } = useCommand(device);
  const submit = (event: React.SubmitEvent) => {
    event.preventDefault();
    if (text !== "") send({ payload: text }, { onSuccess: () => setText("") });
  };
  return (
    <form className={classes.box} onSubmit={submit}>
      <Textarea
        size="xs"
        rows={1}
        autosize
        maxRows={5}
        className={classes.input}
        aria-label={`Text to print on ${label}`}
        placeholder="Print something"
        value={text}
        error={error?.message}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <Button size="xs" variant="default" type="submit" loading={isPending} disabled={text === ""}>
        Print
      </Button>
    </form>
  );
}
