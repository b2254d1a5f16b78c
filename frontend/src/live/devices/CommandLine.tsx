// The line of a command box: the text, whether it is hexadecimal, and the button that sends it.

import { Button, TextInput } from "@mantine/core";

import classes from "./CommandBox.module.css";

interface CommandLineProps {
  label: string;
  text: string;
  isHex: boolean;
  isPending: boolean;
  fault?: string;
  onText: (text: string) => void;
  onHex: (isHex: boolean) => void;
}

export function CommandLine({ label, text, isHex, isPending, fault, onText, onHex }: CommandLineProps) {
  const hexSwitch = (
    <button type="button" className={classes.hex} aria-pressed={isHex} title="Type bytes in hexadecimal" onClick={() => onHex(!isHex)}>
      hex
    </button>
  );
  return (
    <div className={classes.line}>
      <TextInput
        size="xs"
        className={classes.input}
        aria-label={`Command for ${label}`}
        placeholder={isHex ? "Bytes, e.g. 1b 40" : "Command, e.g. w"}
        autoComplete="off"
        spellCheck={false}
        rightSection={hexSwitch}
        rightSectionWidth={44}
        value={text}
        error={fault}
        onChange={(event) => onText(event.currentTarget.value)}
      />
      <Button size="xs" variant="default" type="submit" loading={isPending} disabled={text === ""}>
        Send
      </Button>
    </div>
  );
}
