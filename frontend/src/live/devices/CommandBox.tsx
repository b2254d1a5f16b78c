// Sends a text or single bytes to a serial device. It becomes a delivery like any other, with its state shown.

import { useState } from "react";

import { CommandLine } from "./CommandLine";
import classes from "./CommandBox.module.css";
import { PastCommands } from "./PastCommands";
import { typedCommand } from "./typed-command";
import { useCommand } from "./use-command";

export function CommandBox({ device, label }: { device: string; label: string }) {
  const [text, setText] = useState("");
  const [isHex, setHex] = useState(false);
  const [fault, setFault] = useState<string>();
  const { own, send, isPending, error } = useCommand(device);
  const submit = (event: React.SubmitEvent) => {
    event.preventDefault();
    if (text === "") return;
    const command = typedCommand(text, isHex);
    if ("fault" in command) setFault(command.fault);
    else send(command, { onSuccess: () => setText("") });
  };
  const change = (typed: string) => {
    setFault(undefined);
    setText(typed);
  };
  return (
    <form className={classes.box} onSubmit={submit}>
      <PastCommands device={device} own={own} onSend={(payload) => send({ payload })} />
      <CommandLine {...{ label, text, isHex, isPending }} fault={fault ?? error?.message} onText={change} onHex={setHex} />
    </form>
  );
}
