// Sends commands to one device and remembers them in this browser.

import { useLocalStorage } from "@mantine/hooks";
import { useMutation } from "@tanstack/react-query";

import { sendCommand } from "../../api/commands";

import { remembered } from "./past-commands";

export function useCommand(device: string) {
  const [own, setOwn] = useLocalStorage<string[]>({
    key: `patchbay-commands-${device}`,
    defaultValue: [],
    getInitialValueInEffect: false,
  });
  const { mutate, isPending, error, variables, isSuccess } = useMutation({
    mutationFn: (payload: string) => sendCommand(device, payload),
    onSuccess: (_, payload) => setOwn((before) => remembered(before, payload)),
  });
  return { own, send: mutate, isPending, error, sent: isSuccess ? variables : null };
}
