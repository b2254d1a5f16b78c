// The pages of the application, in the order of the navigation. A new page is one more entry.

import { IconActivity, type TablerIcon } from "@tabler/icons-react";
import type { ComponentType } from "react";

import { LivePage } from "../live/LivePage";

export interface PageEntry {
  path: string;
  label: string;
  icon: TablerIcon;
  component: ComponentType;
}

const live: PageEntry = { path: "/", label: "Live", icon: IconActivity, component: LivePage };

export const pages: readonly PageEntry[] = [live];

/** The page at this address: the longest path that it starts with. */
export function pageAt(path: string): PageEntry {
  const fitting = pages.filter((page) => path.startsWith(page.path));
  return fitting.sort((a, b) => b.path.length - a.path.length)[0] ?? live;
}
