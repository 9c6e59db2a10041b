import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findProgram } from "../place.ts";
import type { Operation } from "./plan-backup-bars.ts";

/** What is asked of a tool besides the six operations: to make a repository, or ours to verify without building. */
export type Asked = Operation | "begin" | "read";

export const TOOLS = ["instar", "restic", "borg"] as const;
export type ToolName = (typeof TOOLS)[number];

/** Folders of one round of one tool. */
export interface ToolPlaces {
  /** What is backed up. */
  readonly data: string;
  /** The repository, and nothing else. */
  readonly kept: string;
  /** Where it is restored to. */
  readonly out: string;
}

export interface Tool {
  readonly environment: Readonly<Record<string, string>>;
  /** undefined: there is nothing to do. */
  command(asked: Asked, places: ToolPlaces): { argv: readonly string[]; cwd: string } | undefined;
}

/** The tools by name, or why one is not there. Each writes into its own folder only; none encrypts in a way that the others do not. */
export function findTools(scratch: string): Readonly<Record<ToolName, Tool | string>> {
  return {
    instar,
    restic: findProgram("restic") === undefined ? "restic is not installed (apt-get install restic)" : restic(scratch),
    borg: findProgram("borg") === undefined ? "borg is not installed (apt-get install borgbackup)" : borg(scratch),
  };
}

const RUN_INSTAR = fileURLToPath(new URL("run-instar.ts", import.meta.url));

const instar: Tool = {
  environment: {},
  command: (asked, { data, kept, out }) => {
    if (asked === "begin") return undefined;
    const operation = { first: "take", unchanged: "take", changed: "take", restore: "restore", "in place": "in-place", verify: "verify", read: "read" }[asked];
    const at = operation === "take" ? data : out;
    return { argv: [process.execPath, "--disable-warning=ExperimentalWarning", RUN_INSTAR, operation, kept, at], cwd: data };
  },
};

/** Its own format 2, which compresses; it always encrypts. */
function restic(scratch: string): Tool {
  const base = ["restic", "--quiet", "--no-cache"];
  return {
    environment: { RESTIC_PASSWORD: "bench", HOME: scratch },
    command: (asked, { data, kept, out }) => {
      const on = [...base, "--repo", kept];
      if (asked === "begin") return { argv: [...on, "init", "--repository-version", "2"], cwd: data };
      if (asked === "restore" || asked === "in place") return { argv: [...on, "restore", "latest", "--target", out], cwd: data };
      if (asked === "verify") return { argv: [...on, "check", "--read-data"], cwd: data };
      return asked === "read" ? undefined : { argv: [...on, "backup", "."], cwd: data };
    },
  };
}

function borg(scratch: string): Tool {
  return {
    environment: {
      BORG_BASE_DIR: join(scratch, "borg"),
      BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK: "yes",
      BORG_RELOCATED_REPO_ACCESS_IS_OK: "yes",
      HOME: scratch,
    },
    command: (asked, { data, kept, out }) => {
      if (asked === "begin") return { argv: ["borg", "init", "--encryption", "none", kept], cwd: data };
      if (asked === "restore" || asked === "in place") return { argv: ["borg", "extract", `${kept}::changed`], cwd: out };
      if (asked === "verify") return { argv: ["borg", "check", "--verify-data", kept], cwd: data };
      return asked === "read" ? undefined : { argv: ["borg", "create", "--compression", "lz4", `${kept}::${asked}`, "."], cwd: data };
    },
  };
}
