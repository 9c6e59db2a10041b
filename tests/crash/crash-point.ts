/** Agent: every one that there is; beside: the one that is not routed to. */
export type Victim = "daemon" | "keeper" | "agent" | "beside" | "both" | "all";
/** Killed, or made to fail in the middle of itself: a process that no longer knows what is on disk must end, not linger. */
export type Fate = Victim | "fault";

/** A journal entry about to be written, or written; or a file about to be renamed into its place, or renamed. */
export type CrashPlace =
  | { readonly entry: string; readonly step?: string; readonly nth?: number }
  /** A part of the path that is renamed to; `nth` counts such renames in one process's life, `during` is what was begun last: "switch", "undoing switch". */
  | { readonly rename: string; readonly nth?: number; readonly during?: string };

/** One kill. It is a file of its own, which the dying process takes away: each point fires once. */
export interface CrashPoint {
  readonly id: string;
  readonly who: Fate;
  readonly at: CrashPlace;
  /** Within: inserted, and its transaction not committed. */
  readonly when: "before" | "within" | "after";
}

/** A line of kills.jsonl. */
export interface Kill {
  readonly atMs: number;
  readonly who: Fate;
  readonly pids: readonly number[];
  readonly why: string;
}

/** Whether an agent died of it. */
export function endsAgent({ who }: Pick<Kill, "who">): boolean {
  return who === "agent" || who === "beside" || who === "all";
}

/** A line of trace.jsonl: what lay on disk when an entry was about to be written, or a snapshot about to become whole. */
export interface Sight {
  readonly at:
    | { readonly entry: string; readonly step: string | null; readonly update: string; readonly attempt: number; readonly seq: number }
    | { readonly rename: string };
  readonly atMs: number;
  readonly epoch: number | null;
  readonly world: World;
}

export interface World {
  readonly holding: boolean;
  /** The release that the front is to serve. */
  readonly routed: string | null;
  /** The release that a share of the callers is to meet. */
  readonly share: string | null;
  readonly slots: readonly { readonly release: string | null; readonly wanted: string; readonly pid: number | null; readonly isAlive: boolean }[];
  /** Folders in releases/, and which of them are sealed; the same of snapshots/. */
  readonly releases: readonly string[];
  readonly sealed: readonly string[];
  readonly snapshots: readonly string[];
  readonly whole: readonly string[];
}
