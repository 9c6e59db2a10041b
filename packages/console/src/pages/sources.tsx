import type { SourceView } from "@instar/protocol";
import { useOperation } from "../data/use-operation.ts";
import { ActionDialog } from "../parts/action-dialog.tsx";
import { Card } from "../parts/card.tsx";
import { Code } from "../parts/code.tsx";
import { EmptyState } from "../parts/empty-state.tsx";
import { Facts } from "../parts/facts.tsx";
import { PageHead } from "../parts/page-head.tsx";
import { Problem } from "../parts/problem.tsx";
import { renderDuration } from "../parts/render-time.ts";
import { Text } from "../parts/text.tsx";
import { When } from "../parts/when.tsx";
import { CandidateDecision } from "./sources/candidate-decision.tsx";
import { SourceEvents } from "./sources/events.tsx";
import { Marks } from "./sources/marks.tsx";

/** Where changes come from, what was seen, and what people want of versions. */
export function SourcesPage() {
  const { data, error, isPending } = useOperation("source.list", {});
  const marks = useOperation("update.marks", {});
  const sources = data?.sources ?? [];
  return (
    <>
      <PageHead title="Sources" actions={<CheckNow />}>
        Where new versions come from, and what became of what was seen.
      </PageHead>
      {error !== null && <Problem error={error} />}
      {isPending && <p className="quiet">Reading the sources…</p>}
      {data !== undefined && sources.length === 0 && (
        <Card>
          <EmptyState title="No source is set">
            Name one in the section source of instar.yaml: a git repository, an npm package, a folder, an address or a registry.
          </EmptyState>
        </Card>
      )}
      <div className="grid">
        {sources.map((source) => (
          <Source key={source.id} source={source} isOnly={sources.length === 1} />
        ))}
        {marks.data !== undefined && <Marks marks={marks.data} />}
      </div>
      {marks.error !== null && <Problem error={marks.error} />}
      <SourceEvents />
    </>
  );
}

function Source({ source, isOnly }: { readonly source: SourceView; readonly isOnly: boolean }) {
  const { id, source: kind, address, follows, lookedAt, nextLookInMs, failing, failures, found, decision, because } = source;
  return (
    <Card title={id} aside={failing === null ? <CandidateDecision decision={decision} /> : <span className="badge badge-bad">✕ cannot be read</span>}>
      <div className="stack">
        {failing !== null && (
          <p className="problem-line">
            {failures} {failures === 1 ? "time" : "times"} in a row: <Text text={failing} />
          </p>
        )}
        {because !== "" && (
          <p>
            <Text text={because} />
          </p>
        )}
        <Facts
          facts={[
            ["Kind", kind.replaceAll("_", " ")],
            ["Where", <Code key="where" text={address} />],
            ["Follows", <Text key="follows" text={follows} />],
            [
              "Has",
              found === null ? (
                "nothing was found yet"
              ) : (
                <Text key="found" text={`${found.version}${found.commit === null ? "" : ` (${found.commit.slice(0, 10)})`}`} />
              ),
            ],
            ["Asked last", <When key="last" at={lookedAt} />],
            ["Asked next", nextLookInMs === null ? "when something says so" : nextLookInMs < 1_000 ? "now" : `in ${renderDuration(nextLookInMs)}`],
          ]}
        />
        {!isOnly && <CheckNow source={id} />}
      </div>
    </Card>
  );
}

function CheckNow({ source }: { readonly source?: string }) {
  return (
    <ActionDialog
      operation="update.check"
      label={source === undefined ? "Check now…" : `Check ${source} now…`}
      title={source === undefined ? "Ask every source now" : `Ask ${source} now`}
      confirm="Check now"
      says={<p>Each is asked whether there is anything new. What it has begins, waits or is dismissed by the same rules as ever: asking lowers no gate.</p>}
      input={() => (source === undefined ? {} : { source })}
      done={({ version, because }) => `${version ?? "Nothing new"}: ${because}`}
    />
  );
}
