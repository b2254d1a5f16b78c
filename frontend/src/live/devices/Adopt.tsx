// Offers to adopt a device that announced itself: one click makes it a configured one.

import { useMutation } from "@tanstack/react-query";

import { adopt } from "../../api/commands";

import classes from "./Adopt.module.css";

export function Adopt({ device }: { device: string }) {
  const { mutate, isPending, error } = useMutation({ mutationFn: adopt });
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
