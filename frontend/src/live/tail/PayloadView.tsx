// The payload of a message: laid out if it is JSON, as a hex dump if it is binary, and as it came on request.

import { Button, CopyButton } from "@mantine/core";
import { useState } from "react";

import { formatSize } from "../../format/number";
import { hexDump, prettyJson } from "../../format/payload";
import type { Message } from "../protocol";

import classes from "./MessageDetail.module.css";
import { usePayload } from "./use-payload";

export function PayloadView({ message }: { message: Message }) {
  const [isRaw, setRaw] = useState(false);
  const payload = usePayload(message);
  const laidOut = payload.is_binary ? hexDump(payload.text) : prettyJson(payload.text);
  const text = isRaw || laidOut === null ? payload.text : laidOut;
  return (
    <section aria-labelledby="payload">
      <div className={classes.head}>
        <h3 id="payload">{payload.is_binary ? "Payload, in hexadecimal" : "Payload"}</h3>
        {laidOut !== null && (
          <Button size="compact-xs" variant="default" aria-pressed={isRaw} onClick={() => setRaw(!isRaw)}>
            {isRaw ? "Laid out" : "As it came"}
          </Button>
        )}
        <CopyButton value={payload.text}>
          {({ copied, copy }) => (
            <Button size="compact-xs" variant="default" onClick={copy}>
              {copied ? "Copied" : "Copy"}
            </Button>
          )}
        </CopyButton>
      </div>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrolling region is reached by keyboard */}
      <pre className={classes.payload} tabIndex={0} data-hex={payload.is_binary && !isRaw ? true : undefined}>
        {text || "(empty)"}
      </pre>
      {payload.isCut && (
        <p className={classes.cut}>
          The beginning of {formatSize(message.size)}. {payload.isFailed ? "The rest could not be fetched." : "The rest is being fetched."}
        </p>
      )}
    </section>
  );
}
