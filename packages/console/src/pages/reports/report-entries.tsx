import { Link } from "@tanstack/react-router";

const SHOWN = 12;

/** The entries of the ledger that something rests on, each of which can be looked at and verified. */
export function ReportEntries({ entries, of }: { readonly entries: readonly number[]; readonly of: string }) {
  if (entries.length === 0) return null;
  return (
    <details className="report-entries">
      <summary>
        {entries.length} {entries.length === 1 ? "entry" : "entries"}
        <span className="visually-hidden"> that {of} rests on</span>
      </summary>
      <p>
        {entries.slice(0, SHOWN).map((index) => (
          <Link key={index} to="/ledger" search={{ entry: index }} className="report-entry">
            {index}
          </Link>
        ))}
        {entries.length > SHOWN && <span className="quiet">and {entries.length - SHOWN} more</span>}
      </p>
    </details>
  );
}
