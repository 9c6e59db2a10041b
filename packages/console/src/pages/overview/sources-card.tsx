import type { SourceView, VersionMarksView } from "@instar/protocol";
import { Link } from "@tanstack/react-router";
import { Card } from "../../parts/card.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { renderDuration } from "../../parts/render-time.ts";
import { Text } from "../../parts/text.tsx";
import { When } from "../../parts/when.tsx";

/** Where new versions come from, and what people said of versions. */
export function SourcesCard({ sources, marks }: { readonly sources: readonly SourceView[]; readonly marks: VersionMarksView }) {
  return (
    <Card title="Sources" aside={<Link to="/sources">All about them</Link>}>
      {sources.length === 0 && (
        <EmptyState title="No source is named">
          Name one in instar.yaml under <code>source</code>: a git repository, a package, a folder. The <Link to="/guide">guide</Link> shows how.
        </EmptyState>
      )}
      <ul className="plain-list">
        {sources.map((source) => (
          <li key={source.id}>
            <strong>{source.id}</strong> <Text text={source.address} />
            <div className={source.failing === null ? "quiet" : "problem-line"}>
              {source.failing === null ? (
                <Text text={source.because} />
              ) : (
                <Text text={`Cannot be read (${source.failures} times in a row): ${source.failing}`} />
              )}
            </div>
            <div className="quiet">
              Looked <When at={source.lookedAt} none="not yet" />
              {source.nextLookInMs !== null && <>, again in {renderDuration(Math.max(1_000, source.nextLookInMs))}</>}
            </div>
          </li>
        ))}
      </ul>
      <Marks marks={marks} />
    </Card>
  );
}

function Marks({ marks: { pinned, held, skipped, begunInADay, perDay } }: { readonly marks: VersionMarksView }) {
  return (
    <>
      {pinned !== null && (
        <p className="mark">
          Pinned to <Text text={pinned.version} /> by {pinned.by}: nothing else begins. <Text text={pinned.because} />
        </p>
      )}
      {held !== null && (
        <p className="mark">
          Held by {held.by}{" "}
          {held.until === null ? (
            "until it is taken back"
          ) : (
            <>
              until <When at={held.until} />
            </>
          )}
          : nothing begins by itself. <Text text={held.because} />
        </p>
      )}
      {skipped.length > 0 && (
        <p className="quiet">
          Skipped: <Text text={skipped.map(({ version }) => version).join(", ")} />
        </p>
      )}
      <p className="quiet">
        {begunInADay} updates began by themselves within 24 hours{perDay === null ? "" : `, of ${perDay} that may`}.
      </p>
    </>
  );
}
