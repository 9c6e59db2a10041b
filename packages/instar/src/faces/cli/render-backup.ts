import type { BackupJob, BackupView, RestorePlanView } from "@instar/protocol";

export function renderBackups(backups: readonly BackupView[]): string {
  return backups.map(renderBackup).join("\n") || "no backups yet: `instar backup create` makes one";
}

function renderBackup(backup: BackupView): string {
  const { id, state, takenAt, version, kind, tags, because, components, files, sizeBytes } = backup;
  if (state !== "whole") return `${id}  ${takenAt}  ${state}`;
  const parts = components.map(({ component }) => component).join(", ");
  const tagged = tags.length === 0 ? "" : `  [${tags.join(", ")}]`;
  return [
    `${id}  ${takenAt}  ${version ?? "-"}  ${kind ?? "state"}: ${parts}; ${files} files, ${inKiB(sizeBytes)}${tagged}`,
    ...(because === "" ? [] : [`  ${because}`]),
  ].join("\n");
}

/** What work on backups came to. */
export function renderJob(job: BackupJob): string {
  if (job.state === "running") return `${renderProgress(job)} (\`instar backup progress ${job.id}\`)`;
  switch (job.what) {
    case "create":
      return job.backup === null ? "no backup was made" : renderBackup(job.backup);
    case "verify":
      return job.verified
        .map(({ backup, verdict, paths }) => `${backup}  ${verdict}${paths.length === 0 ? "" : `: ${paths.slice(0, 10).join(", ")}`}`)
        .join("\n");
    case "restore":
      if (job.restoredTo !== null) return `backup ${job.plan?.backup ?? "?"} lies in ${job.restoredTo}; what serves was not touched`;
      return job.plan === null ? "" : renderPlan(job.plan);
    case "prune":
      return renderPruned(job);
    default:
      return job.what satisfies never;
  }
}

/** "create: reading what changed, 120 files, 35 %" */
export function renderProgress({ what, progress }: BackupJob): string {
  const { line, files, sizeBytes, share } = progress;
  const read = what === "verify" || files === 0 ? "" : `, ${files} files, ${inKiB(sizeBytes)}`;
  return `${what}: ${line}${read}${share === null ? "" : `, ${Math.floor(share * 100)} %`}`;
}

function renderPlan(plan: RestorePlanView): string {
  return [
    `backup ${plan.backup} of ${plan.takenAt}, while ${plan.version ?? "?"} ran`,
    ...plan.components.map(({ component, would, files, sizeBytes }) => `  ${component.padEnd(10)} would ${would} (${files} files, ${inKiB(sizeBytes)})`),
    ...plan.lost.map((what) => `  no longer in service: ${what}`),
    ...plan.keptAside.map((what) => `  kept: ${what}`),
    ...plan.conflicts.map((path) => `  changed by somebody since: ${path} (--overwrite-config replaces it)`),
    `  needs ${inMiB(plan.needsBytes)}, ${inMiB(plan.freeBytes)} are free; takes about ${Math.max(1, Math.round(plan.takesMs / 1_000))} s`,
    "Nothing was changed.",
  ].join("\n");
}

function renderPruned({ pruned, freedBytes }: BackupJob): string {
  if (pruned.length === 0) return "nothing is beyond what is kept";
  return [...pruned.map(({ backup, because }) => `${backup}  ${because}`), `${pruned.length} backups; ${inMiB(freedBytes ?? 0)}`].join("\n");
}

const inKiB = (bytes: number) => `${Math.ceil(bytes / 1_024)} KiB`;
const inMiB = (bytes: number) => `${Math.ceil(bytes / 1_048_576)} MiB`;
