import type { ReactNode } from "react";

export function Brand(): ReactNode {
  return (
    <svg
      viewBox="0 0 24 24"
      aria-hidden="true"
      fill="none"
      stroke="currentColor"
      strokeWidth="2.2"
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      <path d="M4.5 12a7.5 7.5 0 1 1 2.2 5.3" />
      <path d="M3.4 19l3.3-1.7 1.6 3.2" />
      <circle cx="12" cy="12" r="2" fill="currentColor" stroke="none" />
    </svg>
  );
}
