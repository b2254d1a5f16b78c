// The payload of a message: what the socket brought, and the whole of it as soon as it has been fetched.

import { useQuery } from "@tanstack/react-query";

import { fetchPayload, type WholePayload } from "../../api/messages";
import type { Message } from "../protocol";

export interface Payload extends WholePayload {
  isCut: boolean;
  isFailed: boolean;
}

export function usePayload(message: Message): Payload {
  const isCut = isBeginning(message);
  const { data, isError } = useQuery({
    queryKey: ["payload", message.id],
    queryFn: ({ signal }) => fetchPayload(message.id, signal),
    enabled: isCut,
    staleTime: Infinity,
  });
  const { text, is_binary } = data ?? message;
  return { text, is_binary, isCut: isCut && !data, isFailed: isError };
}

/** Whether the socket brought only the beginning of this payload. */
export function isBeginning({ text, is_binary, size }: Message): boolean {
  return (is_binary ? text.length / 2 : new TextEncoder().encode(text).length) < size;
}
