// Puts a delivery that has ended badly back into the outbox.

import { useMutation } from "@tanstack/react-query";

import { sendAgain } from "../api/commands";

import classes from "./DeliveryMark.module.css";
import type { Delivery, DeliveryState } from "./protocol";

const ENDED_BADLY: ReadonlySet<DeliveryState> = new Set(["dead", "expired", "unknown"]);

export function SendAgain({ delivery }: { delivery: Delivery }) {
  const { mutate, isPending, error } = useMutation({ mutationFn: sendAgain });
  if (!ENDED_BADLY.has(delivery.state)) return null;
  return (
    <>
      <button type="button" className={classes.again} disabled={isPending} onClick={() => mutate(delivery.id)}>
        Send again
      </button>
      {error && (
        <span role="alert" className={classes.fault}>
          {error.message}
        </span>
      )}
    </>
  );
}
