// An empty hub: what a first-time user does next.

import { Button, Code } from "@mantine/core";
import { IconPackage, IconPlug, IconServer, IconUpload } from "@tabler/icons-react";
import type { ReactNode } from "react";

import { page } from "../page";

import classes from "./FirstSteps.module.css";

export function FirstSteps() {
  return (
    <section className={classes.steps} aria-labelledby="first-steps">
      <h2 id="first-steps">Nothing is plugged in yet</h2>
      <p className={classes.lead}>
        Tell the hub what to connect to. Everything takes effect within two seconds, and shows up on this page by itself.
      </p>
      <ul className={classes.cards}>
        <Step icon={<IconPackage size={22} />} title="Take a device pack">
          <p>A known scale, printer, sensor or meter in one step, with a simulator to try it first.</p>
          <Button component="a" href={page.packsUrl}>
            Look through the packs
          </Button>
        </Step>
        <Step icon={<IconServer size={22} />} title="Connect an MQTT broker">
          <p>Where your sensors and meters publish, or where the hub should publish to.</p>
          <Button component="a" href={`${page.adminUrl}bridges/broker/add/`}>
            Add a broker
          </Button>
        </Step>
        <Step icon={<IconPlug size={22} />} title="Plug in a device">
          <p>A scale, a receipt printer, an Arduino: anything on a serial port, or behind a topic.</p>
          <Button component="a" href={`${page.adminUrl}devices/device/add/`}>
            Add a device
          </Button>
          <p>
            <a href={page.identifyUrl}>Which scale is this?</a> The hub listens, and says what it is.
          </p>
        </Step>
        <Step icon={<IconUpload size={22} />} title="Bring a configuration">
          <p>Read brokers, topics, devices and rules from a YAML file, on the machine of the hub:</p>
          <Code>manage.py import_config FILE</Code>
        </Step>
      </ul>
    </section>
  );
}

function Step({ icon, title, children }: { icon: ReactNode; title: string; children: ReactNode }) {
  return (
    <li className={classes.card}>
      <span className={classes.icon} aria-hidden>
        {icon}
      </span>
      <h3>{title}</h3>
      {children}
    </li>
  );
}
