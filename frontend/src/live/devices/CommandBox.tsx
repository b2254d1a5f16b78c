// Sends a command by its name, a text or single bytes to a serial device. It becomes a delivery like any other, with its state shown.

import { useState } from "react";

import type { NamedCommand } from "../protocol";

import { CommandLine } from "./CommandLine";
import classes from "./CommandBox.module.css";
import { NamedCommands } from "./NamedCommands";
import { PastCommands } from "./PastCommands";
import { typedCommand } from "./typed-command";
import { useCommand } from "./use-command";

interface CommandBoxProps {
  device: string;
  label: string;
  commands: readonly NamedCommand[];
}

export function CommandBox({ device, label, commands }: CommandBoxProps) {
  const [text, setText] = useState("");
  const [isHex, setHex] = useState(false);
  const [fault, setFault] = useState<string>();
  const { own, asked, send, isPending, error } = useCommand(device);
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
      <NamedCommands {...{ label, commands, isPending }} onSend={(command) => send({ command })} />
      <PastCommands device={device} {...{ own, asked }} onSend={(payload) => send({ payload })} />
      <CommandLine {...{ label, text, isHex, isPending }} fault={fault ?? error?.message} onText={change} onHex={setHex} />
    </form>
  );
}
