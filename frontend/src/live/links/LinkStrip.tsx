// Every connection that the hub keeps open, those that need a person first.

import { useHubNow, useLive } from "../hooks";
import { inOrder, summary } from "../link-state";
import { Section } from "../Section";

import { LinkTile } from "./LinkTile";
import classes from "./LinkStrip.module.css";

export function LinkStrip() {
  const links = useLive((state) => state.links);
  const now = useHubNow();
  const all = inOrder(links);
  if (all.length === 0) return null;
  return (
    <Section title="Links" note={<span role="status">{summary(links)}</span>}>
      <ul className={classes.strip}>
        {all.map((link) => (
          <LinkTile key={link.key} link={link} nowMs={now} />
        ))}
      </ul>
    </Section>
  );
}
