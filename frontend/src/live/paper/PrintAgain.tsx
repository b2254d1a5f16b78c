// Asks whether a slip is to be printed once more, sends it, and shows what becomes of it.

import { Button, Group, Modal } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";

import { repeat, sendAgain } from "../../api/commands";
import { clockTime } from "../../format/age";
import { useLive } from "../hooks";
import type { Delivery, Link } from "../protocol";

import { JobMark } from "./JobMark";
import { wayToPrintAgain } from "./job-state";
import classes from "./Paper.module.css";
import { SlipText } from "./Slip";

interface PrintAgainProps {
  slip: Delivery | null;
  link: Link | undefined;
  label: string;
  onClose: () => void;
}

export function PrintAgain({ slip, link, label, onClose }: PrintAgainProps) {
  return (
    <Modal opened={slip !== null} onClose={onClose} title="Print again?" size="sm" lockScroll={false} closeButtonProps={{ "aria-label": "Close" }}>
      {slip && <Question key={slip.id} {...{ slip, link, label, onClose }} />}
    </Modal>
  );
}

function Question({ slip, link, label, onClose }: PrintAgainProps & { slip: Delivery }) {
  const isRepeat = wayToPrintAgain(slip) === "repeat";
  const { mutate, data, isPending, isSuccess, error } = useMutation({ mutationFn: isRepeat ? repeat : sendAgain });
  return (
    <div className={classes.dialog}>
      <p>
        {isRepeat ? `This was printed at ${clockTime(slip.at)}.` : asSentence(slip.reason || "this was not printed")} {label} is to print it
        {isRepeat ? " once more:" : ":"}
      </p>
      <div className={classes.sheet}>
        <SlipText slip={slip} />
      </div>
      {isSuccess && <Outcome id={data.delivery} asked={slip} link={link} />}
      {error && (
        <p role="alert" className={classes.fault}>
          {error.message}
        </p>
      )}
      <Group justify="flex-end" gap="xs">
        <Button variant="default" size="xs" onClick={onClose} data-autofocus={isSuccess || undefined}>
          {isSuccess ? "Done" : "Cancel"}
        </Button>
        {!isSuccess && (
          <Button size="xs" data-autofocus loading={isPending} onClick={() => mutate(slip.id)}>
            Print again
          </Button>
        )}
      </Group>
    </div>
  );
}

function asSentence(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1) + (/[.!?…]$/.test(words) ? "" : ".");
}

/** The job of its own that a repetition is, or the old one on its way again; until the hub tells of it, it is queued. */
function Outcome({ id, asked, link }: { id: string; asked: Delivery; link: Link | undefined }) {
  const told = useLive((state) => state.writes.get(id));
  const isNews = told !== undefined && told !== asked;
  const job = isNews ? told : { ...asked, state: "waiting" as const, reason: "" };
  return (
    <p role="status" className={classes.outcome}>
      <JobMark job={job} link={link} />
      {isNews && job.state !== "delivered" && job.reason && <span className={classes.reason}>{job.reason}</span>}
    </p>
  );
}
