/** What a backup is made of (`self-updating-loop` §4.2). */
export const COMPONENTS = ["code", "config", "data", "database"] as const;
export type Component = (typeof COMPONENTS)[number];

/** full: every byte is read again; incremental: what looks unchanged since the newest snapshot is not; state-only: data and databases alone. */
export const BACKUP_KINDS = ["full", "incremental", "state-only"] as const;
export type BackupKind = (typeof BACKUP_KINDS)[number];

/** Files or a folder that a component is made of. */
export interface PartRoot {
  /** Its place in the component, such as "config/agent.yaml" or "state"; unique within it. */
  readonly name: string;
  /** Absolute; a file or a folder. */
  readonly path: string;
}

export interface SnapshotPart {
  readonly component: Component;
  readonly roots: readonly PartRoot[];
  /** Plain JSON facts of it, such as the code's commit and release, or which tool dumped a database. */
  readonly about: Readonly<Record<string, string>>;
}

/** What is known of a snapshot as a whole. */
export interface SnapshotAbout {
  readonly kind: BackupKind;
  /** A snapshot with a tag is never pruned by number or age. */
  readonly tags: readonly string[];
  /** One sentence for people: why it was taken. */
  readonly because: string;
  /** The update that it belongs to, and what ran when it was taken. */
  readonly update: string | null;
  readonly version: string | null;
  readonly release: string | null;
}
