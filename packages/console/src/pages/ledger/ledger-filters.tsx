import { type FormEvent, useId, useState } from "react";
import type { LedgerFilter } from "../../data/use-ledger.ts";
import { Button } from "../../parts/button.tsx";

/** What people look for first. Any other event is asked for by its name. */
const EVENTS = [
  "UPDATE_COMPLETED",
  "UPDATE_FAILED",
  "ROLLBACK_COMPLETED",
  "DECISION_MADE",
  "UPDATE_APPROVED",
  "UPDATE_REJECTED",
  "CONFIGURATION_CHANGED",
  "BACKUP_CREATED",
  "VERSION_MARKED",
  "TOKEN_CREATED",
  "TOKEN_REVOKED",
  "ACCESS_REFUSED",
  "INSTANCE_STARTED",
];

/** Filters are sent as one, so that reading along costs one question and not one a letter. */
export function LedgerFilters({ filter, onChange }: { readonly filter: LedgerFilter; readonly onChange: (filter: LedgerFilter) => void }) {
  const [draft, setDraft] = useState(filter);
  const id = useId();
  const send = (event: FormEvent) => {
    event.preventDefault();
    onChange(Object.fromEntries(Object.entries(draft).filter(([, value]) => value !== undefined && value !== "" && value !== false)));
  };
  const line = (name: "event" | "by" | "update" | "from" | "until", label: string, type: "text" | "date" = "text") => (
    <div className="field">
      <label htmlFor={`${id}-${name}`}>
        <span className="field-label">{label}</span>
      </label>
      <input
        id={`${id}-${name}`}
        name={name}
        type={type}
        autoComplete="off"
        value={draft[name] ?? ""}
        {...(name === "event" ? { list: `${id}-events` } : {})}
        onChange={(event) => setDraft({ ...draft, [name]: event.target.value })}
      />
    </div>
  );
  return (
    <form className="filters" onSubmit={send} aria-label="Filter the entries">
      {line("event", "What happened")}
      <datalist id={`${id}-events`}>
        {EVENTS.map((event) => (
          <option key={event} value={event} />
        ))}
      </datalist>
      {line("by", "Who did it")}
      {line("update", "Of the update")}
      {line("from", "From", "date")}
      {line("until", "Before", "date")}
      <div className="field">
        <label className="field-check">
          <input type="checkbox" checked={draft.failed === true} onChange={(event) => setDraft({ ...draft, failed: event.target.checked })} /> Only what failed
        </label>
      </div>
      <div className="row">
        <Button type="submit">Filter</Button>
        <Button
          tone="quiet"
          onPress={() => {
            setDraft({});
            onChange({});
          }}
        >
          Show all
        </Button>
      </div>
    </form>
  );
}
