import "./ledger/ledger.css";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { type LedgerFilter, useLedgerEntries } from "../data/use-ledger.ts";
import { Button } from "../parts/button.tsx";
import { Card } from "../parts/card.tsx";
import { DataTable } from "../parts/data-table.tsx";
import { EmptyState } from "../parts/empty-state.tsx";
import { PageHead } from "../parts/page-head.tsx";
import { Problem } from "../parts/problem.tsx";
import { Text } from "../parts/text.tsx";
import { When } from "../parts/when.tsx";
import { LedgerEntry } from "./ledger/ledger-entry.tsx";
import { LedgerFilters } from "./ledger/ledger-filters.tsx";
import { LedgerTrust } from "./ledger/ledger-trust.tsx";

/** What happened, and the proof of it, checked here and not only said by the machine that it is about. */
export function LedgerPage() {
  const { entry, ...filter } = useSearch({ from: "/ledger" });
  const navigate = useNavigate({ from: "/ledger" });
  const show = (next: { entry?: number } & LedgerFilter) => void navigate({ search: next, resetScroll: false });
  return (
    <>
      <PageHead title="Ledger">Everything that Instar decided and did, each entry chained to the one before and signed.</PageHead>
      <LedgerTrust />
      {entry !== undefined && <LedgerEntry key={entry} index={entry} onClose={() => show(filter)} />}
      <Card title="Entries">
        <LedgerFilters filter={filter} onChange={show} />
        <Entries filter={filter} onOpen={(index) => show({ ...filter, entry: index })} />
      </Card>
      <Card title="Checked by somebody else">
        <p>
          Whoever shall not have to trust this machine is given the ledger with its proofs, and a verifier that needs no Instar. Keep the key and a checkpoint
          elsewhere: only with them a history that was put back as a whole can be told.
        </p>
        <pre className="code-block">
          {"instar audit export ./for-the-auditor\nnode for-the-auditor/verify.mjs --key <the key above>\ninstar audit checkpoint > checkpoint-of-today"}
        </pre>
      </Card>
    </>
  );
}

function Entries({ filter, onOpen }: { readonly filter: LedgerFilter; readonly onOpen: (index: number) => void }) {
  const { data, error, isPending, hasNextPage, isFetchingNextPage, fetchNextPage } = useLedgerEntries(filter);
  const rows = data?.pages.flatMap(({ entries }) => entries) ?? [];
  const isFiltered = Object.values(filter).some((value) => value !== undefined);
  if (error !== null) return <Problem error={error} />;
  if (isPending) return <p className="quiet">Reading the ledger…</p>;
  return (
    <>
      <DataTable
        label="Entries of the ledger, the newest first"
        rows={rows}
        keyOf={({ index }) => String(index)}
        total={isFiltered ? rows.length : (data?.pages[0]?.length ?? rows.length)}
        columns={[
          {
            id: "index",
            title: "No.",
            align: "end",
            cell: ({ index }) => (
              <Button tone="quiet" label={`Entry ${index}`} onPress={() => onOpen(index)}>
                {index}
              </Button>
            ),
          },
          { id: "when", title: "When", cell: ({ at }) => <When at={at} /> },
          {
            id: "event",
            title: "What",
            cell: ({ event, success }) => (
              <span className={success ? "ledger-event" : "ledger-event is-failed"}>
                {success ? "" : "✕ "}
                {event.toLowerCase().replaceAll("_", " ")}
              </span>
            ),
          },
          {
            id: "says",
            title: "Says",
            cell: ({ description }) => (
              <span className="ledger-says">
                <Text text={description} />
              </span>
            ),
          },
          { id: "by", title: "Who", isSecondary: true, cell: ({ actor }) => <Text text={actor.id} /> },
        ]}
        empty={
          <EmptyState title={isFiltered ? "No entry fits" : "Nothing happened yet"}>
            {isFiltered ? "Take a filter away, or widen the time." : "The first entry is written when Instar starts: `instar up`."}
          </EmptyState>
        }
      />
      {hasNextPage && (
        <div className="row after-table">
          <Button onPress={() => void fetchNextPage()} isDisabled={isFetchingNextPage}>
            {isFetchingNextPage ? "Reading…" : "Older entries"}
          </Button>
          <span className="quiet">{rows.length} are shown</span>
        </div>
      )}
    </>
  );
}
