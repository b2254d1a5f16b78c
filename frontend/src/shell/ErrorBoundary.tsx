// The last net: a fault of the page itself is said in words, with a way out.

import { Button } from "@mantine/core";
import { Component, type ReactNode } from "react";

import classes from "./Shell.module.css";

interface State {
  fault: Error | null;
}

export class ErrorBoundary extends Component<{ children: ReactNode }, State> {
  override state: State = { fault: null };

  static getDerivedStateFromError(fault: Error): State {
    return { fault };
  }

  override render() {
    const { fault } = this.state;
    if (!fault) return this.props.children;
    return (
      <main className={classes.fault}>
        <h1>This page has stumbled</h1>
        <p>The hub itself is not affected; it goes on receiving and delivering. What went wrong here: {fault.message}</p>
        <Button onClick={() => location.reload()}>Load the page again</Button>
      </main>
    );
  }
}
