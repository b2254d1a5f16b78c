// Starts the page.

import "@mantine/core/styles.layer.css";
import "uplot/dist/uPlot.min.css";
import "./theme.css";

import { createRoot } from "react-dom/client";

import { isSignedOut } from "./api/client";
import { LiveStore } from "./live/live-store";
import { liveUrl } from "./page";
import { App } from "./shell/App";

const store = new LiveStore(liveUrl(), isSignedOut);
store.start();

const root = document.getElementById("root");
if (root) createRoot(root).render(<App store={store} />);
