// The details of one message: where it came from, what it says, what was read from it, and where it went.

import { Alert } from "@mantine/core";
import { IconAlertOctagon, IconCopy, IconCut } from "@tabler/icons-react";

import { fullTime } from "../../format/age";
import { formatSize } from "../../format/number";
import type { Message } from "../protocol";

import { DeliveryList } from "./DeliveryList";
import classes from "./MessageDetail.module.css";
import { PayloadView } from "./PayloadView";
import { ReadingTable } from "./ReadingTable";

export function MessageDetail({ message }: { message: Message }) {
  return (
    <div className={classes.detail}>
      <Remarks message={message} />
      <dl className={classes.facts}>
        <Fact name="Arrived" value={fullTime(message.at)} />
        <Fact name="Source" value={message.source} />
        <Fact name="Topic" value={message.topic} />
        <Fact name="Device" value={message.device} />
        <Fact name="Size" value={formatSize(message.size)} />
        <Fact name="Id" value={message.id} />
      </dl>
      <PayloadView message={message} />
      <ReadingTable readings={message.readings} />
      <DeliveryList message={message.id} />
    </div>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  if (!value) return null;
  return (
    <div className={classes.fact}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function Remarks({ message }: { message: Message }) {
  return (
    <>
      {message.fault && (
        <Alert color="red" icon={<IconAlertOctagon />} title="Dead letter">
          {message.fault}
        </Alert>
      )}
      {message.duplicate_of && (
        <Alert color="gray" icon={<IconCopy />} title="Duplicate">
          The source sent this again; it is kept, and its rules did not run. First received as {message.duplicate_of}.
        </Alert>
      )}
      {message.message_kind === "gap" && (
        <Alert color="gray" icon={<IconCut />} title="Gap">
          The port was opened here. What the device sent before, while nobody listened, is not known.
        </Alert>
      )}
    </>
  );
}
