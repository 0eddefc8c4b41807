/** The two lists of what was researched: by batch, and by session. */
import type { ReactNode } from "react";
import { Link, useLocation } from "wouter";
import { t } from "../../texts";

export function Lists(): ReactNode {
  const [path] = useLocation();
  const lists = [
    ["/app/batches", t.pages.batches.title],
    ["/app/sessions", t.pages.sessions.title],
  ] as const;
  return (
    <nav className="parts" aria-label={t.pages.sessions.lists}>
      {lists.map(([href, name]) => (
        <Link key={href} href={href} aria-current={path === href ? "page" : undefined}>
          {name}
        </Link>
      ))}
    </nav>
  );
}
