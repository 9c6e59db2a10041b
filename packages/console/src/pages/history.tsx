import "./history/history.css";
import type { OutputOf } from "@instar/protocol";
import { useOperation } from "../data/use-operation.ts";
import { Card } from "../parts/card.tsx";
import { Code } from "../parts/code.tsx";
import { EmptyState } from "../parts/empty-state.tsx";
import { Facts } from "../parts/facts.tsx";
import { PageHead } from "../parts/page-head.tsx";
import { Problem } from "../parts/problem.tsx";
import { renderSize } from "../parts/render-size.ts";
import { Text } from "../parts/text.tsx";
import { When } from "../parts/when.tsx";
import { GoBack } from "./history/go-back.tsx";
import { Incidents } from "./history/incidents.tsx";

type Release = OutputOf<"history">["releases"][number];

export function HistoryPage() {
  const { data, error, isPending } = useOperation("history", {});
  const releases = data?.releases ?? [];
  return (
    <>
      <PageHead title="History" actions={<GoBack releases={releases} />}>
        The releases that are on disk, sealed as they were, and what went wrong with those that served.
      </PageHead>
      {error !== null && <Problem error={error} />}
      {isPending && <p className="quiet">Reading the releases…</p>}
      {data !== undefined && releases.length === 0 && (
        <Card>
          <EmptyState title="No release yet">The first version that a source has becomes one: see Sources, or start it by `instar update apply`.</EmptyState>
        </Card>
      )}
      <ul className="plain-list releases">
        {releases.map((release) => (
          <li key={release.release}>
            <Shown release={release} releases={releases} />
          </li>
        ))}
      </ul>
      <Incidents />
    </>
  );
}

function Shown({ release, releases }: { readonly release: Release; readonly releases: readonly Release[] }) {
  const { version, author, at, changes, commit, digest, sizeBytes, updateType, running, committed, quarantined, wayBack } = release;
  return (
    <Card
      title={version}
      aside={
        <span className="row">
          {running && <span className="badge badge-live">● serves</span>}
          {committed && <span className="badge badge-good">✓ watched to the end</span>}
          {quarantined !== null && <span className="badge badge-bad">✕ misbehaved</span>}
        </span>
      }
    >
      <div className="stack">
        {quarantined !== null && (
          <p className="problem-line">
            <Text text={quarantined} />
          </p>
        )}
        <Facts
          facts={[
            ["Made", <When key="at" at={at} />],
            ["Author", <Text key="author" text={author} />],
            ["Kind of change", updateType],
            ["Commit", <Code key="commit" text={commit} />],
            ["Digest of its files", <Code key="digest" text={digest} />],
            ["Size", renderSize(sizeBytes)],
            ["Way back", wayBack === null ? "none: it was the first" : <Code key="back" text={wayBack.commit.slice(0, 12)} />],
          ]}
        />
        {changes.length > 0 && (
          <details>
            <summary>
              {changes.length} {changes.length === 1 ? "change" : "changes"}
              <span className="visually-hidden"> of {version}</span>
            </summary>
            <ul>
              {changes.map((change) => (
                <li key={change}>
                  <Text text={change} />
                </li>
              ))}
            </ul>
          </details>
        )}
        {!running && <GoBack releases={releases} to={release} />}
      </div>
    </Card>
  );
}
