// Keeps the states in a list of brokers or devices fresh: fetches the page again and takes over those cells alone.
"use strict";
const EVERY_MS = 3000;
const CELLS = ["state", "last_message", "last_heard", "waiting", "last_error"].map((name) => `td.field-${name}`).join();

const rowsOf = (page) =>
  new Map([...page.querySelectorAll("#result_list tbody tr")].map((row) => [row.querySelector("th a")?.getAttribute("href"), row]));

function takeOver(fresh) {
  const rows = rowsOf(fresh);
  for (const [link, row] of rowsOf(document)) {
    const news = rows.get(link)?.querySelectorAll(CELLS);
    row.querySelectorAll(CELLS).forEach((cell, place) => {
      const now = news?.[place];
      if (now && now.className === cell.className && now.innerHTML !== cell.innerHTML) cell.replaceChildren(...now.childNodes);
    });
  }
}

async function refresh() {
  if (!document.hidden) {
    try {
      const answer = await fetch(location.href, { redirect: "error" });
      if (answer.ok) takeOver(new DOMParser().parseFromString(await answer.text(), "text/html"));
    } catch {
      // The hub is away, or the login has run out: the next time, or the next click, tells.
    }
  }
  setTimeout(refresh, EVERY_MS);
}

addEventListener("DOMContentLoaded", () => {
  if (document.querySelector("#result_list")) setTimeout(refresh, EVERY_MS);
});
