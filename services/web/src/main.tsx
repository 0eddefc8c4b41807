import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/controls.css";
import "./styles/layout.css";
import "./styles/views.css";
import "./styles/pages.css";
import "./styles/report.css";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createRoot } from "react-dom/client";
import { Refusal } from "./api";
import { App } from "./app";
import { openDrafts } from "./drafts";
import { preferred, speak } from "./texts";

/**
 * An answer that says "no" is an answer; only a server that is away is asked again. It may be on this machine, so what
 * the browser says of the network (`navigator.onLine`) decides nothing.
 */
const queries = new QueryClient({
  defaultOptions: {
    mutations: { networkMode: "always" },
    queries: {
      networkMode: "always",
      staleTime: 2_000,
      retry: (failures, error) => failures < 5 && error instanceof Refusal && error.problem.type === "unavailable",
      retryDelay: (attempt) => Math.min(5_000, 300 * 2 ** attempt),
    },
  },
});

const root = document.getElementById("root");
if (root) {
  // Both before the first page is drawn: neither a text nor a draft comes later and moves what is there.
  await Promise.all([openDrafts(), speak(preferred())]);
  createRoot(root).render(
    <QueryClientProvider client={queries}>
      <App />
    </QueryClientProvider>,
  );
}
