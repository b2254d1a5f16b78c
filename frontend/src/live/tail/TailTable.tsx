// The rows of the tail. Only those in sight exist; scrolling away from the newest pauses, coming back resumes.

import { useMediaQuery } from "@mantine/hooks";

import { useLive } from "../hooks";
import type { Message } from "../protocol";

import classes from "./Tail.module.css";
import { TailRow } from "./TailRow";
import { useTailKeys } from "./use-tail-keys";
import { useTailScroll } from "./use-tail-scroll";
import { visibleRows } from "./visible-rows";

const ROW_HEIGHT = 30;
const PHONE_ROW_HEIGHT = 50;

export function TailTable({ onOpen }: { onOpen: (message: Message) => void }) {
  const rows = useLive((state) => state.tail.rows);
  const rowHeight = useMediaQuery("(max-width: 640px)") ? PHONE_ROW_HEIGHT : ROW_HEIGHT;
  const { scroller, scrollTop, viewHeight } = useTailScroll();
  const { active, onKeyDown, onFocusRow } = useTailKeys(rows, scroller, rowHeight);
  const { first, end } = visibleRows(scrollTop, viewHeight, { rowHeight, count: rows.length });
  const inSight = Array.from({ length: end - first }, (_, offset) => first + offset);
  return (
    <div className={classes.table} role="table" aria-label="Messages, newest first" aria-rowcount={rows.length + 1}>
      <HeadRow />
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- arrow keys move between its rows */}
      <div className={classes.scroller} ref={scroller} role="rowgroup" onKeyDown={onKeyDown}>
        <div style={{ height: rows.length * rowHeight }} role="presentation">
          {inSight.map((index) => {
            const message = rows[rows.length - 1 - index];
            if (!message) return null;
            const isActive = active ? message.id === active : index === 0;
            return <TailRow key={message.id} message={message} index={index} top={index * rowHeight} {...{ isActive, onOpen, onFocusRow }} />;
          })}
        </div>
        {rows.length === 0 && <Nothing />}
      </div>
    </div>
  );
}

function HeadRow() {
  return (
    <div role="rowgroup">
      <div className={classes.head} role="row" aria-rowindex={1}>
        {["Time", "Source", "Topic or device", "Message", "Readings"].map((title) => (
          <span key={title} role="columnheader">
            {title}
          </span>
        ))}
      </div>
    </div>
  );
}

function Nothing() {
  const isFiltered = useLive((state) => state.tail.filter.trim() !== "");
  return (
    <p className={classes.nothing}>
      {isFiltered ? "No message matches this filter yet." : "No messages yet. They appear here the moment they are stored."}
    </p>
  );
}
