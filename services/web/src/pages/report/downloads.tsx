/** The report as a file. A stale one says "outdated" at its top, whatever the format. */
import { type ReactNode, useState } from "react";
import { api } from "../../api";
import { useConfig } from "../../queries";
import { useIds, useNode, useSession } from "../../store";
import { t } from "../../texts";
import { Dialog } from "../../ui/dialog";
import { ProblemNotice } from "../../ui/problem";

/** "what-does-the-tide-do-2026-11-29": of the topic's own letters, whatever its script, and of the day. */
export function fileName(topic: string, at: string, format: string): string {
  const words = topic
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, "-")
    .replace(/^-+|-+$/g, "");
  const whole = words.length <= LONGEST ? words : words.slice(0, LONGEST).replace(/-[^-]*$/, "");
  return `${[whole || "report", at.slice(0, 10)].filter(Boolean).join("-")}.${format}`;
}

const LONGEST = 60;

export function Downloads(): ReactNode {
  const { session_id } = useIds();
  const formats = useConfig()?.formats ?? [];
  const topic = useSession((session) => session.state.topic);
  const at = useNode("phase4")?.artifact?.at ?? "";
  const say = t.pages.report;
  const [open, setOpen] = useState(false);
  const [error, setError] = useState<unknown>(null);

  async function save(format: string): Promise<void> {
    setError(null);
    try {
      const blob = await api.report(session_id, format);
      const link = document.createElement("a");
      link.href = URL.createObjectURL(blob);
      link.download = fileName(topic, at, format);
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    } catch (problem) {
      setError(problem);
    }
  }

  return (
    <>
      <button type="button" className="button slim" onClick={() => setOpen(true)}>
        {say.download}
      </button>
      {open && (
        <Dialog title={say.downloadTitle} onClose={() => setOpen(false)}>
          <ul className="stack tight">
            {formats.map((format) => (
              <li key={format}>
                <button type="button" className="button wide-button" onClick={() => void save(format)}>
                  <span>{say.downloads[format] ?? format}</span>
                  <span className="soft small">.{format}</span>
                </button>
              </li>
            ))}
          </ul>
          {error !== null && <ProblemNotice error={error} />}
        </Dialog>
      )}
    </>
  );
}
