import { OUTCOMES, type UpdateView } from "@instar/protocol";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { Button } from "../parts/button.tsx";
import { Card } from "../parts/card.tsx";
import { type Column, DataTable } from "../parts/data-table.tsx";
import { EmptyState } from "../parts/empty-state.tsx";
import { Outcome } from "../parts/outcome.tsx";
import { PageHead } from "../parts/page-head.tsx";
import { Problem } from "../parts/problem.tsx";
import { renderMany } from "../parts/render-number.ts";
import { renderDuration } from "../parts/render-time.ts";
import { Text } from "../parts/text.tsx";
import { When } from "../parts/when.tsx";
import { after } from "../platform/clock.ts";
import { useUpdates } from "./updates/use-updates.ts";
import "./updates/updates.css";

type OutcomeFilter = (typeof OUTCOMES)[number] | "open";

const CHOICES: readonly OutcomeFilter[] = ["open", ...OUTCOMES];

/** Whoever types on has not asked yet. */
const TYPED_MS = 250;

/** Every attempt to change what runs, also the refused ones: nothing is silent. */
export function UpdatesPage() {
  const search = useSearch({ from: "/updates" });
  const navigate = useNavigate({ from: "/updates" });
  const outcome = CHOICES.find((choice) => choice === search.outcome);
  const [version, setVersion] = useState(search.version ?? "");
  const asked = search.version ?? "";
  const cancel = useRef<(() => void) | undefined>(undefined);
  const filter = (next: { outcome?: string | undefined; version?: string | undefined }) => void navigate({ search: { ...search, ...next }, replace: true });
  return (
    <>
      <PageHead title="Updates">Each attempt to change what runs, newest first; also what was refused, with the reason.</PageHead>
      <Card>
        <form className="filters" onSubmit={(event) => event.preventDefault()}>
          <label className="field" htmlFor="outcome">
            <span className="field-label">How it ended</span>
            <select id="outcome" value={outcome ?? ""} onChange={(event) => filter({ outcome: event.target.value === "" ? undefined : event.target.value })}>
              <option value="">All</option>
              {CHOICES.map((choice) => (
                <option key={choice} value={choice}>
                  {choice === "open" ? "under way" : choice.replace("-", " ")}
                </option>
              ))}
            </select>
          </label>
          <label className="field" htmlFor="version">
            <span className="field-label">Version or commit begins with</span>
            <input
              id="version"
              type="search"
              autoComplete="off"
              spellCheck={false}
              maxLength={200}
              value={version}
              onChange={(event) => {
                const typed = event.target.value;
                setVersion(typed);
                cancel.current?.();
                cancel.current = after(TYPED_MS, () => filter({ version: typed.trim() === "" ? undefined : typed.trim() }));
              }}
            />
          </label>
          {(outcome !== undefined || version !== "") && (
            <Button
              onPress={() => {
                setVersion("");
                cancel.current?.();
                filter({ outcome: undefined, version: undefined });
              }}
            >
              Show all
            </Button>
          )}
        </form>
        <UpdateTable key={`${outcome ?? ""} ${asked}`} outcome={outcome} version={asked === "" ? undefined : asked} />
      </Card>
    </>
  );
}

function UpdateTable({ outcome, version }: { readonly outcome: OutcomeFilter | undefined; readonly version: string | undefined }) {
  const { rows, total, isPending, error, readOlder } = useUpdates({
    ...(outcome === undefined ? {} : { outcome }),
    ...(version === undefined ? {} : { version }),
  });
  const isFiltered = outcome !== undefined || version !== undefined;
  if (isPending && error === null) return <p className="quiet">Asking…</p>;
  return (
    <>
      {error !== null && <Problem error={error} />}
      {total !== null && (
        <p className="quiet" role="status">
          {renderMany(total, "update")}
          {isFiltered && " of these"}
        </p>
      )}
      <DataTable
        label="Updates"
        rows={rows}
        keyOf={({ id }) => id}
        onNearEnd={readOlder}
        {...(total === null ? {} : { total })}
        empty={
          isFiltered ? (
            <EmptyState title="No update is like that">Choose another outcome, or give fewer letters of the version.</EmptyState>
          ) : (
            <EmptyState title="No update yet">
              The first one begins when a <Link to="/sources">source</Link> has a version. <code>instar update apply</code> begins one by hand.
            </EmptyState>
          )
        }
        columns={COLUMNS}
      />
    </>
  );
}

function UpdateLink({ update }: { readonly update: UpdateView }) {
  return (
    <Link to="/updates/$id" params={{ id: update.id }}>
      <Text text={update.kind === "configuration" ? "configuration" : `${update.versionFrom ?? "nothing"} → ${update.versionTo}`} />
    </Link>
  );
}

const renderTook = ({ startedAt, endedAt }: UpdateView): string =>
  endedAt === null ? "under way" : renderDuration(Math.max(0, Date.parse(endedAt) - Date.parse(startedAt)));

const COLUMNS: readonly Column<UpdateView>[] = [
  { id: "version", title: "Update", cell: (update) => <UpdateLink update={update} /> },
  { id: "outcome", title: "Outcome", cell: (update) => <Outcome update={update} /> },
  { id: "began", title: "Began", cell: ({ startedAt }) => <When at={startedAt} /> },
  { id: "took", title: "Took", align: "end", isSecondary: true, cell: renderTook },
  { id: "because", title: "Because", isSecondary: true, cell: ({ because }) => <Text text={because} /> },
];
