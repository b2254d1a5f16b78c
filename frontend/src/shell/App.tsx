// The providers around every page.

import { createTheme, localStorageColorSchemeManager, MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";

import { LiveContext } from "../live/hooks";
import type { LiveStore } from "../live/live-store";

import { ErrorBoundary } from "./ErrorBoundary";
import { Shell } from "./Shell";

const theme = createTheme({ defaultRadius: "sm", cursorType: "pointer", respectReducedMotion: true });
const colorScheme = localStorageColorSchemeManager({ key: "patchbay-color-scheme" });
const queries = new QueryClient({ defaultOptions: { queries: { refetchOnWindowFocus: false, retry: 1 } } });

export function App({ store }: { store: LiveStore }) {
  return (
    <MantineProvider
      theme={theme}
      defaultColorScheme="auto"
      colorSchemeManager={colorScheme}
      withCssVariables={false}
      withGlobalClasses={false}
    >
      <ErrorBoundary>
        <QueryClientProvider client={queries}>
          <LiveContext value={store}>
            <Shell />
          </LiveContext>
        </QueryClientProvider>
      </ErrorBoundary>
    </MantineProvider>
  );
}
