import type { BackupKind, Component } from "@instar/protocol";

export { BACKUP_KINDS, type BackupKind, COMPONENTS, type Component } from "@instar/protocol";

/** Files or a folder that a component is made of. */
export interface PartRoot {
  /** Its place in the component, such as "config/agent.yaml" or "state"; unique within it. */
  readonly name: string;
  /** Absolute; a file or a folder. */
  readonly path: string;
  /** Where somebody goes on writing there while it is read; quiet where it is left out. */
  readonly live?: LiveRoot;
}

/**
 * A folder that is read while its owner writes. A file counts as read once it did not change meanwhile, or only grew: then it is what it was at the moment when it
 * had that length. One that is neither, however often it is read, is of no moment, and the backup is refused.
 */
export interface LiveRoot {
  /** Private copies that are taken in the place of what lies there, by path below the root, one character a byte. */
  readonly instead: ReadonlyMap<string, string>;
  /** What is left out. */
  readonly without: ReadonlySet<string>;
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
