// Below every page: what a person sets up next, and which version of the hub this is.

import { page } from "../page";

import classes from "./Shell.module.css";

export function Footer() {
  const next = [
    ["Add a device", `${page.adminUrl}devices/device/add/`],
    ["Which scale is this?", page.identifyUrl],
    ["Device packs", page.packsUrl],
    ["Connect a broker", `${page.adminUrl}bridges/broker/add/`],
    ["Write a rule", `${page.adminUrl}bridges/rule/add/`],
    ["Set an alert", `${page.adminUrl}telemetry/alertrule/add/`],
  ] as const;
  return (
    <footer className={classes.footer}>
      <nav aria-label="Set up more">
        {next.map(([label, url]) => url && <a key={label} href={url}>{label}</a>)}
      </nav>
      {page.version && <span className={classes.version}>Patchbay {page.version}</span>}
    </footer>
  );
}
