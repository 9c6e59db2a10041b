import type { ReactNode } from "react";

/** A figure that is looked at first, with what it means below. */
export function Stat({
  label,
  value,
  note,
  tone,
}: {
  readonly label: string;
  readonly value: ReactNode;
  readonly note?: ReactNode;
  readonly tone?: "bad" | "wait";
}) {
  return (
    <div className={tone === undefined ? "stat" : `stat stat-${tone}`}>
      <dt>{label}</dt>
      <dd>
        <span className="stat-value">{value}</span>
        {note !== undefined && <span className="stat-note">{note}</span>}
      </dd>
    </div>
  );
}
