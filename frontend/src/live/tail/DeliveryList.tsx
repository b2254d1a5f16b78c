// Where one message went, as far as this page has seen it.

import { useNow } from "../clock";
import { DeliveryMark } from "../DeliveryMark";
import { useLiveStore } from "../hooks";
import { SendAgain } from "../SendAgain";
import { deliveriesOf } from "../store";

import classes from "./MessageDetail.module.css";

export function DeliveryList({ message }: { message: string }) {
  const store = useLiveStore();
  useNow();
  const deliveries = deliveriesOf(store.getState(), message);
  if (deliveries.length === 0) return null;
  return (
    <section aria-labelledby="deliveries">
      <div className={classes.head}>
        <h3 id="deliveries">Sent on</h3>
      </div>
      <ul className={classes.deliveries}>
        {deliveries.map((delivery) => (
          <li key={delivery.id}>
            <span>
              {delivery.target} {delivery.address}
            </span>
            <span>{delivery.rule}</span>
            <DeliveryMark state={delivery.state} />
            <SendAgain delivery={delivery} />
            {delivery.reason && <p className={classes.reason}>{delivery.reason}</p>}
          </li>
        ))}
      </ul>
    </section>
  );
}
