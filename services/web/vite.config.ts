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
    generateBundle(_, bundle) {
      for (const [fileName, file] of Object.entries(bundle)) {
        if (!/\.(js|css|svg)$/.test(fileName)) continue;
        const text = file.type === "chunk" ? file.code : file.source;
        this.emitFile({ type: "asset", fileName: `${fileName}.gz`, source: gzipSync(text, { level: 9 }) });
      }
    },
  };
}

export default defineConfig({
  plugins: [react(), compressed()],
  build: { target: "es2023", assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  server: {
    proxy: { ...Object.fromEntries(API.map((path) => [path, GATEWAY])), "/ws": { target: GATEWAY, ws: true } },
  },
  test: { environment: "node", include: ["src/**/*.test.ts"] },
});
