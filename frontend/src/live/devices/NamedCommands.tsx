// A button for each command that the device's driver knows by name.

import type { NamedCommand } from "../protocol";

import classes from "./CommandBox.module.css";

interface NamedCommandsProps {
  label: string;
  commands: readonly NamedCommand[];
  isPending: boolean;
  onSend: (name: string) => void;
}

export function NamedCommands({ label, commands, isPending, onSend }: NamedCommandsProps) {
  if (commands.length === 0) return null;
  return (
    <div className={classes.named} role="group" aria-label={`Commands of ${label}`}>
      {commands.map((command) => (
        <button key={command.name} type="button" className={classes.command} disabled={isPending} onClick={() => onSend(command.name)}>
          {command.label}
        </button>
      ))}
    </div>
  );
}
