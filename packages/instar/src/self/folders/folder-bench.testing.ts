import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { InstarError } from "@instar/protocol";
import { type AgentFolder, type AgentFolderPlace, openAgentFolder } from "./agent-folder.ts";
import type { FolderRoom, FolderWay } from "./folder-room.ts";

/** Everything is tried in both ways where there are two. */
export const WAYS: readonly FolderWay[] = process.platform === "linux" ? ["descriptors", "paths"] : ["paths"];

export const SECRET = "token: s3cr3t";

/** An agent's folder, and beside it what belongs to somebody else. */
export interface FolderBench {
  readonly root: string;
  readonly outside: string;
  readonly place: string;
  open(room?: Partial<FolderRoom>, limits?: AgentFolderPlace["limits"]): AgentFolder;
  /** Puts a file into the folder as the agent would, by itself. */
  put(path: string, text: string | Buffer): void;
  text(path: string): string;
  /** Every path below the folder, sorted. */
  paths(): string[];
  /** What is outside, as paths and contents: no attack may change it. */
  beyond(): Record<string, string>;
  close(): void;
}

export function openBench(way: FolderWay): FolderBench {
  const place = mkdtempSync(join(tmpdir(), "instar-self-"));
  const [root, outside] = [join(place, "code-repo"), join(place, "outside")];
  mkdirSync(root);
  mkdirSync(join(outside, "b"), { recursive: true });
  writeFileSync(join(outside, "token"), SECRET);
  writeFileSync(join(outside, "b", "token"), SECRET);
  return {
    place,
    root,
    outside,
    open: (room = {}, limits = undefined) => openAgentFolder({ root, limits }, { way, ...room }),
    put: (path, text) => {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    },
    text: (path) => readFileSync(join(root, path), "utf8"),
    paths: () => listAll(root),
    beyond: () => Object.fromEntries(listAll(outside).map((path) => [path, path === "b" ? "" : readFileSync(join(outside, path), "utf8")])),
    close: () => rmSync(place, { recursive: true, force: true }),
  };
}

/** Follows no link, as `readdirSync` would. */
function listAll(folder: string, below = ""): string[] {
  return readdirSync(join(folder, below), { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(below, entry.name);
      return entry.isDirectory() ? [path, ...listAll(folder, path)] : [path];
    })
    .sort();
}

export const UNTOUCHED = { b: "", "b/token": SECRET, token: SECRET };

/** How a call ended: "done", or the error's code and sentence. An error that is not ours fails the test. */
export async function ending(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "done";
  } catch (error) {
    if (!InstarError.is(error)) throw error;
    return `${error.code}: ${error.message}`;
  }
}
