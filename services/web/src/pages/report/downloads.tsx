/** The report as a file. A stale one says "outdated" at its top, whatever the format. */
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { api } from "../../api";
import { useIds } from "../../store";
import { Dialog } from "../../ui/dialog";
import { ProblemNotice } from "../../ui/problem";

const NAMES: Record<string, string> = {
  md: "Markdown",
  html: "Web page",
  pdf: "PDF",
  docx: "Word",
  json: "JSON, with every citation",
};

export function Downloads(): ReactNode {
  const { session_id } = useIds();
  const config = useQuery({ queryKey: ["config"], queryFn: api.config, staleTime: Number.POSITIVE_INFINITY });
  const [open, setOpen] = useState(false);
  const [error, setError] = useState<unknown>(null);

  async function save(format: string): Promise<void> {
    setError(null);
    try {
      const blob = await api.report(session_id, format);
      const link = document.createElement("a");
      link.href = URL.createObjectURL(blob);
      link.download = `report.${format}`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    } catch (problem) {
      setError(problem);
    }
  }

  return (
    <>
      <button type="button" className="button slim" onClick={() => setOpen(true)}>
        Download
      </button>
      {open && (
        <Dialog title="Download the report" onClose={() => setOpen(false)}>
          <ul className="stack tight">
            {(config.data?.formats ?? []).map((format) => (
              <li key={format}>
                <button type="button" className="button wide-button" onClick={() => void save(format)}>
                  <span>{NAMES[format] ?? format}</span>
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
