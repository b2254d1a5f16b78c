// One link: its state as word, icon and colour, and what a person should know about it.

import { IconAlertTriangle, IconArrowRight, IconServer, IconStackPush, IconUsb } from "@tabler/icons-react";

import { duration, fullTime } from "../../format/age";
import { formatCount } from "../../format/number";
import { page } from "../../page";
import { adminListUrl, isBroker, nameOf } from "../link-state";
import type { Link } from "../protocol";

import classes from "./LinkStrip.module.css";
import { LINK_STATES } from "./states";

export function LinkTile({ link, nowMs }: { link: Link; nowMs: number }) {
  const { word, icon: StateIcon, explained } = LINK_STATES[link.state];
  const Kind = isBroker(link.key) ? IconServer : IconUsb;
  return (
    <li className={classes.tile} data-state={link.state} data-warned={link.warning ? true : undefined}>
      <div className={classes.name}>
        <Kind size={15} aria-label={isBroker(link.key) ? "Broker" : "Serial port"} />
        <strong title={link.key}>{link.label || nameOf(link.key)}</strong>
      </div>
      <div className={classes.facts}>
        <span className={classes.state} title={explained}>
          <StateIcon size={15} aria-hidden /> {word}
        </span>
        {link.since && (
          <span title={`since ${fullTime(link.since)}`}>for {duration(nowMs - Date.parse(link.since))}</span>
        )}
        {link.waiting > 0 && (
          <span className={classes.waiting} title="Deliveries that wait for this link">
            <IconStackPush size={13} aria-hidden /> {formatCount(link.waiting)} waiting
          </span>
        )}
      </div>
      {link.detail && (
        <p className={classes.detail} title={link.detail}>
          {link.detail}
        </p>
      )}
      {link.warning && (
        <p className={classes.warning}>
          <IconAlertTriangle size={14} aria-label="Warning" /> {link.warning}
        </p>
      )}
      {link.state === "refused" && (
        <a className={classes.mend} href={adminListUrl(page.adminUrl, link.key)}>
          Change its configuration <IconArrowRight size={14} aria-hidden />
        </a>
      )}
    </li>
  );
}
