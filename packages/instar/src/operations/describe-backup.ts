import type { BackupView } from "@instar/protocol";
import type { SnapshotInfo } from "../backups/snapshot-store.ts";

/** A backup as every face shows it. */
export function describeBackup(info: SnapshotInfo): BackupView {
  const head = { id: info.id, state: info.state, takenAt: new Date(info.takenAtMs).toISOString() };
  if (info.state !== "whole")
    return { ...head, kind: null, tags: [], because: "", update: null, version: null, release: null, components: [], files: 0, sizeBytes: 0 };
  const { about, parts, files, sizeBytes } = info;
  return {
    ...head,
    kind: about.kind,
    tags: [...about.tags],
    because: about.because,
    update: about.update,
    version: about.version,
    release: about.release,
    components: parts.map((part) => ({
      component: part.component,
      files: part.roots.reduce((sum, root) => sum + root.files, 0),
      sizeBytes: part.roots.reduce((sum, root) => sum + root.sizeBytes, 0),
      about: { ...part.about },
    })),
    files,
    sizeBytes,
  };
}
