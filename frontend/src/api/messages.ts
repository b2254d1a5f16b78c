// One message with all of its payload; the socket brings only the beginning of a long one.

import { getJson } from "./client";

export interface WholePayload {
  text: string;
  is_binary: boolean;
}

export function fetchPayload(message: string, signal?: AbortSignal): Promise<WholePayload> {
  return getJson<WholePayload>(`/api/v1/messages/${encodeURIComponent(message)}`, signal);
}
