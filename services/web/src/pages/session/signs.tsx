/** What tells of a run to somebody who looks elsewhere: the tab's title and icon, and a notification at its end. */
import { type ReactNode, useEffect, useRef, useState } from "react";
import busyIcon from "../../icons/busy.svg";
import failedIcon from "../../icons/failed.svg";
import plainIcon from "../../icons/plain.svg";
import staleIcon from "../../icons/stale.svg";
import { t } from "../../texts";
import { useTitle } from "../../ui/title";
import { percent, type Said } from "./standing";

const ICONS: Record<Said["look"], string> = {
  "": plainIcon,
  active: busyIcon,
  stale: staleIcon,
  failed: failedIcon,
};
const WANTED = "reprise-notify";

export function useSigns(said: Said, topic: string): void {
  useTitle(said.progress ? `${percent(said.progress)} % ${topic}` : topic);
  useEffect(() => {
    const icon = document.querySelector<HTMLLinkElement>("link[rel=icon]");
    if (icon) icon.href = ICONS[said.look];
    return () => {
      if (icon) icon.href = plainIcon;
    };
  }, [said.look]);
  const before = useRef(said.look);
  useEffect(() => {
    const ended = before.current === "active" && said.look !== "active";
    before.current = said.look;
    if (!ended || !wanted() || document.visibilityState === "visible") return;
    const { notified, notifiedFailed } = t.session.now;
    new Notification("Reprise", { body: said.look === "failed" ? notifiedFailed(topic) : notified(topic) });
  }, [said.look, topic]);
}

function wanted(): boolean {
  return "Notification" in window && Notification.permission === "granted" && localStorage.getItem(WANTED) === "yes";
}

/** Offers a notification, where the browser can and has not been told never to. */
export function NotifyButton(): ReactNode {
  const [on, setOn] = useState(wanted);
  if (!("Notification" in window) || Notification.permission === "denied") return null;
  async function toggle(): Promise<void> {
    const granted = on || (await Notification.requestPermission()) === "granted";
    localStorage.setItem(WANTED, granted && !on ? "yes" : "no");
    setOn(granted && !on);
  }
  return (
    <button
      type="button"
      className="button icon bell"
      aria-pressed={on}
      aria-label={t.session.now.tell}
      title={on ? t.session.now.telling : t.session.now.tell}
      onClick={() => void toggle()}
    >
      <svg viewBox="0 0 20 20" width="18" height="18" aria-hidden="true" fill={on ? "currentColor" : "none"}>
        <path
          d="M5 13V9a5 5 0 0 1 10 0v4l1.5 2h-13zM8.5 17.2h3"
          stroke="currentColor"
          strokeWidth="1.6"
          strokeLinecap="round"
          strokeLinejoin="round"
        />
      </svg>
    </button>
  );
}
