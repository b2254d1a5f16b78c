import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

import { mockHub } from "./mock/plugin.ts";

// HUB=http://127.0.0.1:8000 points the development server at a running hub; without it a mock hub answers.
const hub = process.env.HUB;

export default defineConfig(({ command, isPreview }) => ({
  base: command === "build" || isPreview ? "/static/ui/" : "/",
  plugins: [react(), ...(hub ? [] : [mockHub()])],
  build: {
    manifest: true,
    target: "es2022",
    chunkSizeWarningLimit: 700, // one page, one chunk; 185 kB compressed
    rolldownOptions: { input: "index.html" },
  },
  server: { proxy: hub ? proxyTo(hub) : undefined },
  test: {
    environment: "jsdom",
    setupFiles: ["./vitest.setup.ts"],
    include: ["src/**/*.test.{ts,tsx}", "mock/**/*.test.ts"],
    css: false,
    retry: 1, // as of the Python tests: a machine that is shared sometimes lets a timer wait; the report names it
  },
}));

function proxyTo(target: string) {
  return {
    "/api": { target },
    "/admin": { target },
    "/login": { target },
    "/logout": { target },
    "/static": { target },
    "/ws": { target: target.replace(/^http/, "ws"), ws: true },
  };
}
