// A titled part of the page, a landmark by its heading.

import { useId, type ReactNode } from "react";

import classes from "./Section.module.css";

interface SectionProps {
  title: string;
  note?: ReactNode;
  tools?: ReactNode;
  children: ReactNode;
}

export function Section({ title, note, tools, children }: SectionProps) {
  const id = useId();
  return (
    <section aria-labelledby={id} className={classes.section}>
      <div className={classes.head}>
        <h2 id={id} className={classes.title}>
          {title}
        </h2>
        {note && <div className={classes.note}>{note}</div>}
        {tools && <div className={classes.tools}>{tools}</div>}
      </div>
      {children}
    </section>
  );
}
