// Offers to adopt a device that announced itself: one click makes it a configured one, and then leads to its page.

import { useMutation } from "@tanstack/react-query";
import { type MouseEvent, useState } from "react";

import { adopt } from "../../api/commands";
import { devicePage, page } from "../../page";

import classes from "./Adopt.module.css";

/** The link stands where the button stood: the second half of a double click is not meant for it. */
const SECOND_CLICK_MS = 1_000;

export function Adopt({ device, isKnown }: { device: string; isKnown: boolean }) {
  const [adoptedAt, setAdoptedAt] = useState<number | null>(null);
  const { mutate, isPending, error } = useMutation({ mutationFn: adopt, onSuccess: () => setAdoptedAt(Date.now()) });
  if (adoptedAt !== null) return <Adopted device={device} since={adoptedAt} />;
  if (isKnown) return null;
  return (
    <div className={classes.adopt}>
      <span>Seen, not adopted.</span>
      <button type="button" className={classes.button} disabled={isPending} onClick={() => mutate(device)}>
        Adopt {device}
      </button>
      {error && (
        <span role="alert" className={classes.fault}>
          {error.message}
        </span>
      )}
    </div>
  );
}

function Adopted({ device, since }: { device: string; since: number }) {
  const follow = (event: MouseEvent) => {
    if (Date.now() - since < SECOND_CLICK_MS) event.preventDefault();
  };
  return (
    <div className={classes.adopt} role="status">
      <span>Adopted.</span>
      {page.mayOpenDevices && (
        <a className={classes.link} href={devicePage(device)} onClick={follow}>
          Open its page
        </a>
      )}
    </div>
  );
}
