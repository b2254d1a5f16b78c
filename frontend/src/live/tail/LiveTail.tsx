// The live tail: every message as it comes, newest on top, with a filter, a pause, and the details of one on demand.

import { useState } from "react";

import { formatCount } from "../../format/number";
import { useLive, useLiveStore } from "../hooks";
import type { Message } from "../protocol";
import { Section } from "../Section";
import { setFilter } from "../tail-state";

import { MessageDrawer } from "./MessageDrawer";
import { TailTable } from "./TailTable";
import { TailTools } from "./TailTools";
import { useRate, type Rate } from "./use-rate";

export function LiveTail() {
  const store = useLiveStore();
  const filter = useLive((state) => state.tail.filter);
  const [opened, open] = useState<Message | null>(null);
  const rate = useRate();
  return (
    <Section
      title="Messages"
      note={rateWords(rate)}
      tools={<TailTools filter={filter} onFilter={(text) => store.changeTail((tail) => setFilter(tail, text))} />}
    >
      <TailTable onOpen={open} />
      <MessageDrawer message={opened} onClose={() => open(null)} />
    </Section>
  );
}

function rateWords({ shown, skipped }: Rate): string {
  const words = `${formatCount(shown)} in the last second`;
  return skipped ? `${words}, ${formatCount(skipped)} more stored but not shown` : words;
}
