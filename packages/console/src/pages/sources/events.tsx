import { CANDIDATE_DECISIONS, type UpdateEventView } from "@instar/protocol";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useSourceEvents } from "../../data/use-source-events.ts";
import { Button } from "../../parts/button.tsx";
import { Card } from "../../parts/card.tsx";
import { Code } from "../../parts/code.tsx";
import { DataTable } from "../../parts/data-table.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { Problem } from "../../parts/problem.tsx";
import { Text } from "../../parts/text.tsx";
import { When } from "../../parts/when.tsx";
import { CandidateDecision } from "./candidate-decision.tsx";

type Decision = UpdateEventView["decision"];

/** What sources reported, and what became of it. */
export function SourceEvents() {
  const [decision, setDecision] = useState<Decision | undefined>(undefined);
  const { data, error, isPending, hasNextPage, isFetchingNextPage, fetchNextPage } = useSourceEvents(decision);
  const rows = data?.pages.flatMap(({ events }) => events) ?? [];
  return (
    <Card
      title="What was seen"
      aside={
        <label className="field row">
          <span className="field-label">Decided</span>
          <select value={decision ?? ""} onChange={(event) => setDecision(CANDIDATE_DECISIONS.find((each) => each === event.target.value))}>
            <option value="">any way</option>
            {CANDIDATE_DECISIONS.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        </label>
      }
    >
      {error !== null && <Problem error={error} />}
      {isPending && <p className="quiet">Reading what was seen…</p>}
      {data !== undefined && (
        <DataTable
          label="What sources reported, the newest first"
          rows={rows}
          keyOf={({ eventId }) => eventId}
          columns={[
            { id: "when", title: "When", cell: ({ timestamp }) => <When at={timestamp} /> },
            { id: "version", title: "Version", cell: ({ targetVersion, update }) => <Version version={targetVersion} update={update} /> },
            { id: "decision", title: "Decided", cell: (event) => <CandidateDecision decision={event.decision} /> },
            { id: "because", title: "Because", cell: ({ because }) => <Text text={because} /> },
            { id: "says", title: "It says", isSecondary: true, cell: ({ changeSummary }) => <Text text={changeSummary} /> },
            { id: "source", title: "From", isSecondary: true, cell: ({ seenBy, noticedBy }) => `${seenBy.join(", ")} (${noticedBy})` },
            {
              id: "commit",
              title: "Commit",
              isSecondary: true,
              cell: ({ gitCommitHash }) =>
                gitCommitHash === null ? (
                  "–"
                ) : (
                  <span className="unbroken">
                    <Code text={gitCommitHash.slice(0, 10)} />
                  </span>
                ),
            },
          ]}
          empty={
            <EmptyState title={decision === undefined ? "Nothing was seen yet" : "Nothing was decided so"}>
              {decision === undefined ? "As soon as a source has a version, it stands here with what became of it." : "Choose another decision."}
            </EmptyState>
          }
        />
      )}
      {hasNextPage && (
        <div className="after-table">
          <Button isDisabled={isFetchingNextPage} onPress={() => void fetchNextPage()}>
            {isFetchingNextPage ? "Reading…" : "Older ones"}
          </Button>
        </div>
      )}
    </Card>
  );
}

function Version({ version, update }: { readonly version: string; readonly update: string | null }) {
  return update === null ? (
    <Text text={version} />
  ) : (
    <Link to="/updates/$id" params={{ id: update }}>
      <Text text={version} />
    </Link>
  );
}
