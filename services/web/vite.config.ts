import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

const GATEWAY = process.env.REPRISE_SERVER ?? "http://127.0.0.1:8700";
const API = ["/batches", "/sessions", "/workflow", "/config", "/workers", "/ws-ticket"];

/** Each text asset once more as `.gz`, so that the gateway compresses nothing while it serves. */
function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    writeBundle({ dir = "dist" }, bundle) {
      for (const name of Object.keys(bundle)) {
        if (!/\.(js|css|svg)$/.test(name)) continue;
        const file = join(dir, name);
        writeFileSync(`${file}.gz`, gzipSync(readFileSync(file), { level: 9 }));
      }
    },
  };
}

export default defineConfig({
  plugins: [react(), compressed()],
  // Its browser build decodes `&amp;` by writing markup into an element, which the page's policy refuses; the other one has a table.
  resolve: {
    alias: {
      "decode-named-character-reference": join(
        import.meta.dirname,
        "node_modules/decode-named-character-reference/index.js",
      ),
    },
  },
  build: {
    outDir: "../reprise_gateway/static",
    emptyOutDir: true,
    target: "es2023",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: { ...Object.fromEntries(API.map((path) => [path, GATEWAY])), "/ws": { target: GATEWAY, ws: true } },
  },
  test: { environment: "node", include: ["src/**/*.test.ts"] },
});
