import type { BackupJob } from "@instar/protocol";
import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect } from "react";
import { useOperation } from "../../data/use-operation.ts";
import { Button } from "../../parts/button.tsx";
import { Card } from "../../parts/card.tsx";
import { Code } from "../../parts/code.tsx";
import { Problem } from "../../parts/problem.tsx";
import { renderSize } from "../../parts/render-size.ts";
import { Text } from "../../parts/text.tsx";
import { Verdict } from "../../parts/verdict.tsx";
import { problemOfJob } from "./problem-of-job.ts";

const TITLES: Readonly<Record<BackupJob["what"], string>> = { create: "Backing up", verify: "Verifying", restore: "Restoring", prune: "Pruning" };
const EVERY_MS = 500;

/** Work on backups as it goes on, and what came of it. It goes on without this page. */
export function JobCard({ id, onClose }: { readonly id: string; readonly onClose: () => void }) {
  const queries = useQueryClient();
  const first = useOperation("backup.progress", { job: id });
  const isRunning = first.data?.state === "running";
  useOperation("backup.progress", { job: id }, { enabled: isRunning, everyMs: EVERY_MS });
  const hasEnded = first.data !== undefined && !isRunning;
  useEffect(() => {
    if (hasEnded) void queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] === "backup.list" });
  }, [hasEnded, queries]);
  const job = first.data;
  return (
    <Card
      title={job === undefined ? "Work on backups" : TITLES[job.what]}
      aside={
        <Button tone="quiet" onPress={onClose}>
          Close
        </Button>
      }
    >
      {first.error !== null && <Problem error={first.error} />}
      <div role="status">{job !== undefined && <JobState job={job} />}</div>
      {job?.problem != null && <Problem error={problemOfJob(job.problem)} />}
    </Card>
  );
}

function JobState({ job }: { readonly job: BackupJob }) {
  const { state, progress, backup, verified, restoredTo, update, pruned, freedBytes } = job;
  if (state === "running")
    return (
      <>
        <p>
          <Text text={progress.line} />{" "}
          <span className="quiet">
            ({progress.files} files, {renderSize(progress.sizeBytes)})
          </span>
        </p>
        <progress aria-label="How far it has come" className="job-progress" {...(progress.share === null ? {} : { value: progress.share, max: 1 })} />
      </>
    );
  return (
    <div className="stack">
      {backup !== null && (
        <p>
          ✓ Backup <Code text={backup.id} /> is made: {backup.files} files, {renderSize(backup.sizeBytes)}.
        </p>
      )}
      {verified.map(({ backup: id, verdict, paths }) => (
        <p key={id}>
          <Verdict verdict={verdict === "intact" ? "pass" : "fail"} /> <Code text={id} />{" "}
          {verdict === "intact" ? "was restored aside, and every byte is what was written" : `is damaged: ${paths.slice(0, 5).join(", ")}`}
        </p>
      ))}
      {restoredTo !== null && (
        <p>
          ✓ It lies in <Code text={restoredTo} />.
        </p>
      )}
      {update !== null && (
        <p>
          It is put in place by an update, which can be taken back:{" "}
          <Link to="/updates/$id" params={{ id: update }}>
            follow it
          </Link>
          .
        </p>
      )}
      {job.what === "prune" && state === "done" && (
        <p>
          ✓ {pruned.length} {pruned.length === 1 ? "backup is" : "backups are"} gone{freedBytes !== null && `, ${renderSize(freedBytes)} are free again`}.
        </p>
      )}
    </div>
  );
}
