// The doubtful jobs of which a person said, in this browser, that nothing is to be printed. They stay as they are in history.

import { useLocalStorage } from "@mantine/hooks";

const KEPT = 200;

export function useLeftAlone(): [ids: readonly string[], leave: (id: string) => void] {
  const [ids, setIds] = useLocalStorage<string[]>({ key: "patchbay-left-alone", defaultValue: [], getInitialValueInEffect: false });
  return [ids, (id) => setIds((before) => [...before.filter((one) => one !== id), id].slice(-KEPT))];
}
