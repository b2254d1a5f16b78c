// How much time the charts show, in seconds as text: chosen once for all of them, and remembered in this browser.

import { useLocalStorage } from "@mantine/hooks";

export function useChartWindow() {
  return useLocalStorage({ key: "patchbay-chart-window", defaultValue: "300", getInitialValueInEffect: false });
}
