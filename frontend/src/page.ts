// What the server tells the page about itself, read from the JSON element that the Django template writes.

export interface PageInfo {
  user: string;
  version: string;
  adminUrl: string;
  /** "Which scale is this?" */
  identifyUrl: string;
  packsUrl: string;
  apiDocsUrl: string;
  logoutUrl: string;
  loginUrl: string;
  csrfToken: string;
  /** Whether this user may change what is wanted of meters. */
  mayChangeMeters: boolean;
  /** Whether the configuration's pages of devices are open to this user. */
  mayOpenDevices: boolean;
}

const DEFAULTS: PageInfo = {
  user: "",
  version: "",
  adminUrl: "/admin/",
  identifyUrl: "/admin/devices/device/identify/",
  packsUrl: "/admin/bridges/ownpack/",
  apiDocsUrl: "/api/docs/",
  logoutUrl: "/logout/",
  loginUrl: "/login/",
  csrfToken: "",
  mayChangeMeters: true,
  mayOpenDevices: true,
};

function readPage(): PageInfo {
  const text = document.getElementById("patchbay-page")?.textContent;
  return text ? { ...DEFAULTS, ...(JSON.parse(text) as Partial<PageInfo>) } : DEFAULTS;
}

export const page: PageInfo = readPage();

/** The page of the configuration about this device. */
export function devicePage(name: string): string {
  return `${page.adminUrl}devices/device/named/${encodeURIComponent(name)}/`;
}

/** The address of the live socket on the host that served this page. */
export function liveUrl(): string {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  return `${scheme}://${location.host}/ws/live/`;
}
