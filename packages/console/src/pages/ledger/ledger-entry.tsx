import type { LedgerEntryView } from "@instar/protocol";
import { Link } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { checkEntry } from "../../data/use-ledger.ts";
import { useOperation } from "../../data/use-operation.ts";
import { Button } from "../../parts/button.tsx";
import { Card } from "../../parts/card.tsx";
import { Code } from "../../parts/code.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { Facts } from "../../parts/facts.tsx";
import { Problem } from "../../parts/problem.tsx";
import { Text } from "../../parts/text.tsx";
import { Verdict } from "../../parts/verdict.tsx";
import { When } from "../../parts/when.tsx";
import type { EntryVerdict } from "../../proofs/verify-entry.ts";

/** One entry, whole, and its proof. */
export function LedgerEntry({ index, onClose }: { readonly index: number; readonly onClose: () => void }) {
  const { data, error } = useOperation("audit.list", { before: index + 1, limit: 1 });
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => place.current?.scrollIntoView({ block: "nearest" }), []);
  const entry = data?.entries.find((each) => each.index === index);
  return (
    <div ref={place}>
      <Card
        title={`Entry ${index}`}
        aside={
          <Button tone="quiet" onPress={onClose}>
            Close
          </Button>
        }
      >
        {error !== null && <Problem error={error} />}
        {data === undefined && error === null && <p className="quiet">Reading it…</p>}
        {data !== undefined && entry === undefined && (
          <EmptyState title="There is no such entry here">It may lie in the archive: docs/ledger.md says how to put its bundle back in place.</EmptyState>
        )}
        {entry !== undefined && <Shown entry={entry} />}
      </Card>
    </div>
  );
}

function Shown({ entry }: { readonly entry: LedgerEntryView }) {
  return (
    <div className="stack">
      <p>
        <Text text={entry.description} />
      </p>
      <Facts
        facts={[
          ["What", <Code key="what" text={entry.event} />],
          ["When", <When key="when" at={entry.at} />],
          ["Who", <Text key="who" text={`${entry.actor.id} (${entry.actor.type})`} />],
          ["Outcome", entry.success ? "✓ success" : "✕ failure"],
          entry.update === undefined
            ? null
            : [
                "Update",
                <Link key="update" to="/updates/$id" params={{ id: entry.update }}>
                  {entry.update}
                </Link>,
              ],
          entry.versionFrom === undefined ? null : ["From version", <Text key="from" text={entry.versionFrom} />],
          entry.versionTo === undefined ? null : ["To version", <Text key="to" text={entry.versionTo} />],
          ["SHA-256 of the entry before", <Code key="previous" text={entry.previous} />],
        ]}
      />
      {entry.details !== undefined && <Code label="Details of the entry" text={JSON.stringify(entry.details, undefined, 2)} />}
      <Proof entry={entry} />
    </div>
  );
}

/** The machine only hands out the proof: whether it holds is worked out here. */
function Proof({ entry }: { readonly entry: LedgerEntryView }) {
  const [verdict, setVerdict] = useState<EntryVerdict | null>(null);
  const [problem, setProblem] = useState<Error | null>(null);
  const [isBusy, setBusy] = useState(false);
  const check = async () => {
    setBusy(true);
    setProblem(null);
    setVerdict(null);
    await checkEntry(entry).then(setVerdict, setProblem);
    setBusy(false);
  };
  return (
    <div className="ledger-proof">
      <Button tone="primary" isDisabled={isBusy} onPress={() => void check()}>
        {isBusy ? "Verifying…" : "Verify in this browser"}
      </Button>
      {problem !== null && <Problem error={problem} />}
      {verdict !== null && (
        <div role={verdict.kind === "verified" ? "status" : "alert"} className={`proof-verdict proof-${verdict.kind}`}>
          <p className="proof-title">
            {verdict.kind === "verified" ? "✓ Verified" : verdict.kind === "refused" ? "✕ Not verified: do not believe this entry" : "○ Cannot be checked here"}
            : <Text text={verdict.because} />
          </p>
          <ol className="plain-list">
            {verdict.steps.map(({ what, verdict: each, because }) => (
              <li key={what}>
                <Verdict verdict={each} /> <strong>{what}</strong>: <Text text={because} />
              </li>
            ))}
          </ol>
        </div>
      )}
    </div>
  );
}
