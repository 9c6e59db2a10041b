import { type FSWatcher, watch } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { basename, join, sep } from "node:path";
import type { Hints } from "./collect-hints.ts";
import type { IsIgnored } from "./path-rules.ts";
import type { Watcher } from "./watcher.ts";

export interface NativeWatchOptions {
  /** Absolute. */
  readonly folder: string;
  readonly isIgnored: IsIgnored;
  readonly hints: Hints;
  /** The system would not watch any more folders. Called once. */
  readonly onExhausted: (cause: NodeJS.ErrnoException) => void;
  /** The folder itself may be another now. */
  readonly onRootEvent: () => void;
  readonly watch?: WatchFolder;
  /** One watch for everything (macOS, Windows) instead of one a folder. Linux has none: Node's stands for a watch on every single file there. */
  readonly isRecursive?: boolean;
}
export type WatchFolder = (path: string, options: { readonly recursive: boolean }, onEvent: (kind: string, name: string | null) => void) => FSWatcher;

/**
 * Linux drops events without a word to Node when more than its queue holds (16,384) wait. What is dropped may be a new folder, so well below that
 * number all watches are made anew.
 */
const CROWDED_EVENTS = 8_192;
const LOOK_EVERY_MS = 1_000;

/** Watches a folder and all folders in it. Resolves when all watches stand. @throws what the system says where the root cannot be watched */
export async function watchNatively(options: NativeWatchOptions): Promise<Watcher> {
  const { folder, isIgnored, hints, onExhausted, onRootEvent, isRecursive = process.platform !== "linux" } = options;
  const openWatch: WatchFolder = options.watch ?? ((path, how, onEvent) => watch(path, how, onEvent));
  const watches = new Map<string, FSWatcher>();
  const renamed = new Set<string>();
  let working: Promise<void> | undefined;
  let eventsInTurn = 0;
  let isCrowded = false;
  let isClosed = false;

  const onEvent = (at: string, kind: string, name: string | null): void => {
    if (isClosed) return;
    countEvent();
    if (at === "" && (name === null || name === basename(folder))) onRootEvent();
    if (name === null) hints.hint(`${at}/`);
    if (name === null) return;
    const path = pathIn(at, sep === "/" ? name : name.replaceAll(sep, "/"));
    if (isIgnored(path, "folder")) return;
    if (kind === "rename") {
      renamed.add(path);
      working ??= examineRenamed().finally(() => {
        working = undefined;
      });
    } else if (!watches.has(path)) hints.hint(path); // a folder's own modes and times are nothing that is kept
  };

  /** What waits in the system's queue is all told in one turn of the event loop. */
  const countEvent = (): void => {
    eventsInTurn += 1;
    if (eventsInTurn > 1) return;
    setImmediate(() => {
      if (eventsInTurn >= CROWDED_EVENTS && !isClosed) {
        isCrowded = true;
        hints.anything("more changed at once than the system is sure to tell");
      }
      eventsInTurn = 0;
    });
  };

  /** Appeared, gone, or another in its place: a folder is watched anew, whatever stood there before. */
  const examineRenamed = async (): Promise<void> => {
    for (const path of renamed) {
      renamed.delete(path);
      const wasFolder = forget(path);
      const found = await lstat(join(folder, path)).catch(() => undefined);
      if (wasFolder) hints.hint(`${path}/`);
      if (found?.isDirectory()) await takeFolder(path, hints.hint);
      else if (!wasFolder) hints.hint(path);
    }
  };

  /** The watch comes before the listing: what is created in between is in one of them, or in both. */
  const takeFolder = async (top: string, onFile: (path: string) => void): Promise<void> => {
    const todo = [top];
    for (let at = todo.pop(); at !== undefined && !isClosed; at = todo.pop()) {
      if ((!isRecursive || at === "") && !openOne(at)) continue;
      if (isRecursive && top === "") return;
      const entries = await readdir(join(folder, at), { withFileTypes: true }).catch(() => []); // gone again, or closed to us: the reading will tell
      for (const entry of entries) {
        const path = pathIn(at, entry.name);
        if (isIgnored(path, "folder")) continue;
        if (entry.isDirectory()) todo.push(path);
        else onFile(path);
      }
    }
  };

  const openOne = (at: string): boolean => {
    try {
      const opened = openWatch(join(folder, at), { recursive: isRecursive }, (kind, name) => onEvent(at, kind, name));
      opened.on("error", (error: NodeJS.ErrnoException) => (isExhausted(error) ? exhaust(error) : at === "" ? onRootEvent() : onEvent("", "rename", at)));
      watches.get(at)?.close(); // only now: between two watches something could happen
      watches.set(at, opened);
      return true;
    } catch (error) {
      if (isExhausted(error)) exhaust(error as NodeJS.ErrnoException);
      else if (at === "") throw error;
      return false;
    }
  };

  const exhaust = (error: NodeJS.ErrnoException): void => {
    if (isClosed) return;
    close();
    onExhausted(error);
  };

  /** With everything below it. @returns whether it was a watched folder */
  const forget = (path: string): boolean => {
    if (!watches.has(path)) return false;
    for (const [at, opened] of watches)
      if (at === path || at.startsWith(`${path}/`)) {
        opened.close();
        watches.delete(at);
      }
    return true;
  };

  const renewAll = async (): Promise<void> => {
    const before = new Map(watches);
    await takeFolder("", () => {}).catch(onRootEvent);
    for (const [at, opened] of before) if (watches.get(at) === opened && forget(at)) hints.hint(`${at}/`);
  };

  const close = (): void => {
    isClosed = true;
    for (const opened of watches.values()) opened.close();
    watches.clear();
  };

  await takeFolder("", () => {});
  return {
    settled: async () => {
      await working;
      if (!isCrowded || isClosed) return;
      isCrowded = false;
      await renewAll();
    },
    look: async () => {},
    everyMs: LOOK_EVERY_MS,
    close,
  };
}

const pathIn = (at: string, name: string) => (at === "" ? name : `${at}/${name}`);

/** inotify has no watches left (ENOSPC), or this user or process may open no more (EMFILE, ENFILE). */
const isExhausted = (error: unknown) => ["ENOSPC", "EMFILE", "ENFILE"].includes((error as NodeJS.ErrnoException).code ?? "");
