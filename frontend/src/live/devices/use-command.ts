// Sends commands to one device and remembers them in this browser.

import { useLocalStorage } from "@mantine/hooks";
import { useMutation } from "@tanstack/react-query";

import { sendCommand, type Command } from "../../api/commands";

import { remembered } from "./past-commands";

export function useCommand(device: string) {
  const [own, setOwn] = useLocalStorage<string[]>({
    key: `patchbay-commands-${device}`,
    defaultValue: [],
    getInitialValueInEffect: false,
  });
  const { mutate, data, variables, isPending, error } = useMutation({
    mutationFn: (command: Command) => sendCommand(device, command),
    onSuccess: (_, command) => "payload" in command && setOwn((before) => remembered(before, command.payload)),
  });
  const asked = data && { delivery: data.delivery, said: Object.values(variables).join("") };
  return { own, asked, send: mutate, isPending, error };
}
