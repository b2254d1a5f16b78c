// Calls to the REST API with the session cookie: JSON in, JSON out, problems as ApiError with their plain words.

import { page } from "../page";

/** An answer that is not 2xx. `message` is the server's own sentence where it gave one. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
    this.name = "ApiError";
  }
}

export async function getJson<T>(url: string, signal?: AbortSignal): Promise<T> {
  return answerOf<T>(await fetch(url, { credentials: "same-origin", headers: { Accept: "application/json" }, signal }));
}

export function postJson<T>(url: string, body: unknown): Promise<T> {
  return sendJson<T>("POST", url, body);
}

/** Changes what `body` names and leaves the rest. */
export function patchJson<T>(url: string, body: unknown): Promise<T> {
  return sendJson<T>("PATCH", url, body);
}

async function sendJson<T>(method: string, url: string, body: unknown): Promise<T> {
  const headers = { Accept: "application/json", "Content-Type": "application/json", "X-CSRFToken": csrfToken() };
  return answerOf<T>(await fetch(url, { method, credentials: "same-origin", headers, body: JSON.stringify(body) }));
}

/** The cookie is the newer of the two: signing in elsewhere changes it under an open page. */
export function csrfToken(): string {
  const cookie = /(?:^|;\s*)csrftoken=([^;]+)/.exec(document.cookie)?.[1];
  return cookie ? decodeURIComponent(cookie) : page.csrfToken;
}

/** Whether the session has ended: the page itself then leads to the sign-in. */
export async function isSignedOut(): Promise<boolean> {
  const answer = await fetch("/", { credentials: "same-origin", cache: "no-store" });
  return answer.redirected && new URL(answer.url).pathname === page.loginUrl;
}

async function answerOf<T>(response: Response): Promise<T> {
  if (!response.ok) throw new ApiError(response.status, await problemOf(response));
  return (response.status === 204 ? undefined : await response.json()) as T;
}

interface Problem {
  title?: string;
  detail?: string;
}

async function problemOf(response: Response): Promise<string> {
  const fallback = `The hub answered ${response.status} ${response.statusText}`.trim();
  try {
    const problem = (await response.json()) as Problem;
    return problem.detail ?? problem.title ?? fallback;
  } catch {
    return fallback;
  }
}
