/** What a change of a source touches: the findings and sentences that rest on passages which do not stand any more. */
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Link } from "wouter";
import { api } from "../../api";
import { nodePath } from "../../nodes";
import { useIds } from "../../store";
import { t } from "../../texts";
import { Dialog } from "../../ui/dialog";
import { ProblemNotice } from "../../ui/problem";
import type { SessionImpact, Source } from "../../wire";
import { capital, nodeName, sourceName } from "../../words";

export function ImpactDialog({
  source,
  onClose,
}: {
  readonly source: Source;
  readonly onClose: () => void;
}): ReactNode {
  const { batch_id } = useIds();
  const say = t.pages.sources.impact;
  const { data, error } = useQuery({
    queryKey: ["impact", batch_id, source.source_id],
    queryFn: () => api.impact(batch_id, source.source_id),
    gcTime: 0,
  });
  const sessions = data?.sessions ?? [];
  const touched = sessions.filter((session) => session.findings.length + session.sections.length > 0);
  return (
    <Dialog title={say.title(sourceName(source))} onClose={onClose}>
      <p>{data?.unread ? say.unread : say.lead}</p>
      {error && <ProblemNotice error={error} />}
      {!data && !error && <p className="soft">{say.reading}</p>}
      {data && !data.unread && touched.length === 0 && <p>{say.nothing}</p>}
      {data?.unread &&
        sessions.map((session) => (
          <p key={session.session_id}>
            {session.topic}: {say.unknown(session.unknown)}
          </p>
        ))}
      {touched.map((session) => (
        <InSession key={session.session_id} session={session} />
      ))}
    </Dialog>
  );
}

function InSession({ session }: { readonly session: SessionImpact }): ReactNode {
  const say = t.pages.sources.impact;
  return (
    <section className="stack" aria-label={session.topic}>
      <h3>{session.topic}</h3>
      <ul className="stack tight">
        {session.findings.map((finding) => (
          <li key={finding.finding_id}>
            <Link href={nodePath(session.session_id, finding.node)}>{capital(nodeName(finding.node))}</Link>{" "}
            {finding.claim}
            {finding.passages.map((passage) => (
              <p key={passage.start} className="soft small">
                {passage.now ? say.now(passage.quote, passage.now) : say.gone(passage.quote)}
              </p>
            ))}
          </li>
        ))}
      </ul>
      {session.sections.map((section) => (
        <div key={section.section_id}>
          <p>
            <Link href={`${nodePath(session.session_id, "phase4")}#${section.section_id}`}>{section.title}</Link>
          </p>
          {section.sentences.map((sentence) => (
            <p key={sentence} className="soft small">
              {sentence}
            </p>
          ))}
        </div>
      ))}
    </section>
  );
}
