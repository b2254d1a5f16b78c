// Sets the colour scheme before the first paint. A file of its own, so that the page needs no inline script.
(function () {
  let choice = null;
  try {
    choice = localStorage.getItem("patchbay-color-scheme");
  } catch {
    // storage is blocked: follow the system
  }
  const isDark = choice === "dark" || (choice !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.setAttribute("data-mantine-color-scheme", isDark ? "dark" : "light");
})();
