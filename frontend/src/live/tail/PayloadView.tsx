// The payload of a message: laid out if it is JSON, as a hex dump if it is binary, and as it came on request.

import { Button, CopyButton } from "@mantine/core";
import { useState } from "react";

import { formatSize } from "../../format/number";
import { hexDump, prettyJson } from "../../format/payload";
import type { Message } from "../protocol";

import classes from "./MessageDetail.module.css";

const TEXT_LIMIT = 2_000;

export function PayloadView({ message }: { message: Message }) {
  const [isRaw, setRaw] = useState(false);
  const laidOut = message.is_binary ? hexDump(message.text) : prettyJson(message.text);
  const text = isRaw || laidOut === null ? message.text : laidOut;
  const isCut = message.text.length >= TEXT_LIMIT;
  return (
    <section aria-labelledby="payload">
      <div className={classes.head}>
        <h3 id="payload">{message.is_binary ? "Payload, in hexadecimal" : "Payload"}</h3>
        {laidOut !== null && (
          <Button size="compact-xs" variant="default" aria-pressed={isRaw} onClick={() => setRaw(!isRaw)}>
            {isRaw ? "Laid out" : "As it came"}
          </Button>
        )}
        <CopyButton value={message.text}>
          {({ copied, copy }) => (
            <Button size="compact-xs" variant="default" onClick={copy}>
              {copied ? "Copied" : "Copy"}
            </Button>
          )}
        </CopyButton>
      </div>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrolling region is reached by keyboard */}
      <pre className={classes.payload} tabIndex={0} data-hex={message.is_binary && !isRaw ? true : undefined}>
        {text || "(empty)"}
      </pre>
      {isCut && <p className={classes.cut}>The beginning of {formatSize(message.size)}; the hub keeps the whole.</p>}
    </section>
  );
}
