// Draws a part of the page over a live store whose socket is a fake one.

import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render } from "@testing-library/react";
import type { ReactNode } from "react";
import { vi } from "vitest";

import { LiveContext } from "../live/hooks";
import { LiveStore } from "../live/live-store";
import type { Snapshot } from "../live/protocol";

import { snapshot } from "./events";
import { FakeSocket } from "./fake-socket";

export function renderLive(ui: ReactNode, given: Partial<Snapshot> = {}) {
  vi.stubGlobal("WebSocket", Object.assign(FakeSocket, { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 }));
  vi.stubGlobal("requestAnimationFrame", (run: FrameRequestCallback) => setTimeout(() => run(0), 0));
  const store = new LiveStore("ws://hub/ws/live/", () => Promise.resolve(false));
  store.start();
  const socket = FakeSocket.latest;
  socket.accept();
  socket.bring(snapshot({ at: new Date().toISOString(), ...given }));
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const drawn = render(
    <MantineProvider env="test">
      <QueryClientProvider client={queries}>
        <LiveContext value={store}>{ui}</LiveContext>
      </QueryClientProvider>
    </MantineProvider>,
  );
  return { store, socket, ...drawn };
}
