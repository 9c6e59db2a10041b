import type { RollbackPlan } from "@instar/protocol";
import { renderDuration } from "./render-time.ts";
import { Text } from "./text.tsx";
import { Verdict } from "./verdict.tsx";

/** What going back would do, and above all what would be lost. */
export function PlannedRollback({ plan }: { readonly plan: RollbackPlan }) {
  const { target, parts, takes, lost, checks, because } = plan;
  const isLossless = lost.isKnown && lost.writes === 0 && lost.files.total === 0 && lost.edits.length === 0;
  return (
    <div className="stack">
      <p>
        Back to{" "}
        <strong>
          <Text text={target.version} />
        </strong>
        : <Text text={target.because} />.
      </p>
      <ul>
        {parts.map(({ what, strategy, because: why }) => (
          <li key={what}>
            {what}, by {strategy}: <Text text={why} />
          </li>
        ))}
      </ul>
      <div>
        <h4>What would be lost</h4>
        <p>
          {isLossless ? "Nothing" : sayLost(lost)}: <Text text={lost.because} />.{lost.keptAside && !isLossless && " It is kept aside."}
        </p>
        {lost.files.first.length > 0 && (
          <ul>
            {lost.files.first.map((file) => (
              <li key={file}>
                <Text text={file} />
              </li>
            ))}
            {lost.files.total > lost.files.first.length && <li>and {lost.files.total - lost.files.first.length} more files</li>}
          </ul>
        )}
      </div>
      <p>
        It takes {takes.ms === null ? "a time that is not known" : `about ${renderDuration(takes.ms)}`}: <Text text={takes.because} />.
      </p>
      <ul className="plain-list">
        {checks.map((check) => (
          <li key={check.check}>
            <Verdict verdict={check.verdict} /> {check.check.replaceAll("_", " ")}: <Text text={check.because} />
          </li>
        ))}
      </ul>
      <p className="quiet">
        <Text text={because} />
      </p>
    </div>
  );
}

function sayLost({ writes, isKnown, files, edits }: RollbackPlan["lost"]): string {
  const parts = [
    ...(writes > 0 || !isKnown ? [`${isKnown ? "" : "at least "}${writes} acknowledged ${writes === 1 ? "write" : "writes"}`] : []),
    ...(files.total > 0 ? [`${files.total} changed ${files.total === 1 ? "file" : "files"} of the state`] : []),
    ...(edits.length > 0 ? [`${edits.length} ${edits.length === 1 ? "edit" : "edits"} of the configuration`] : []),
  ];
  return parts.join(", ");
}
