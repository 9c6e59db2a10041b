import { open } from "node:fs/promises";
import { join } from "node:path";
import type { Implementations } from "@instar/protocol";
import { readStanding } from "../daemon/instance.ts";
import type { OperationContext } from "./context.ts";
import { findUpdate } from "./updates.ts";

/** Asking what was: releases, logs. */
export function implementRecords(context: OperationContext): Pick<Implementations, "history" | "logs" | "update.output"> {
  const { instance } = context;
  return {
    history: async () => {
      const { sealed } = await instance.rooms.releases.list();
      const standing = readStanding(instance);
      const committed = new Set(standing.ended.flatMap((update) => (update.outcome === "committed" ? [update.given.release] : [])));
      return {
        releases: sealed.toReversed().map(({ id, version, commit, author, at, changes, updateType, previous, wayBack, digest, sizeBytes }) => ({
          release: id,
          version,
          commit,
          author,
          at,
          changes: [...changes],
          updateType,
          previous,
          wayBack,
          digest,
          sizeBytes,
          running: standing.running?.release === id,
          committed: committed.has(id),
          quarantined: instance.rooms.quarantined(digest) ?? null,
        })),
      };
    },
    "update.output": async ({ update, from }) => readFrom(join(context.instance.folder, "logs", `update-${findUpdate(context.instance, update)}.log`), from),
    logs: async ({ of, lines, update }) => {
      const path = await findLog(context, of, update);
      return { path, lines: path === null ? [] : await readTail(path, lines) };
    },
  };
}

/** At most so much in one answer. */
const OUTPUT_BYTES = 65_536;

/** Whole lines only, unless one is longer than an answer: a character is never cut in two. */
async function readFrom(path: string, from: number): Promise<{ text: string; next: number; isAll: boolean }> {
  const file = await open(path).catch(() => undefined);
  if (file === undefined) return { text: "", next: from, isAll: true };
  try {
    const { size } = await file.stat();
    const { bytesRead, buffer } = await file.read(Buffer.alloc(OUTPUT_BYTES), 0, OUTPUT_BYTES, from);
    const lastLine = buffer.subarray(0, bytesRead).lastIndexOf(10) + 1;
    const taken = lastLine > 0 ? lastLine : bytesRead;
    return { text: buffer.subarray(0, taken).toString("utf8"), next: from + taken, isAll: from + taken >= size };
  } finally {
    await file.close();
  }
}

async function findLog({ instance }: OperationContext, of: "agent" | "daemon" | "keeper" | "update", update: string | undefined): Promise<string | null> {
  const { folder, journal } = instance;
  if (of === "daemon" || of === "keeper") return join(folder, "logs", `${of}.log`);
  if (of === "update") {
    const found = update === undefined ? journal.list().at(-1) : journal.list().find((candidate) => candidate.startsWith(update));
    return found === undefined ? null : join(folder, "logs", `update-${found}.log`);
  }
  const report = await instance.rooms.keeper.state().catch(() => undefined);
  const routed = report?.routed == null ? undefined : report.slots[report.routed];
  if (routed?.logPath != null) return routed.logPath;
  const { running } = readStanding(instance);
  return running === null ? null : join(folder, "logs", `agent-${running.release}.log`);
}

const TAIL_LIMIT_BYTES = 2 * 1_048_576;

async function readTail(path: string, lines: number): Promise<string[]> {
  const file = await open(path).catch(() => undefined);
  if (file === undefined) return [];
  try {
    const { size } = await file.stat();
    const from = Math.max(0, size - TAIL_LIMIT_BYTES);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - from), 0, size - from, from);
    return buffer
      .subarray(0, bytesRead)
      .toString("utf8")
      .split("\n")
      .filter((line, index, all) => index < all.length - 1 || line !== "")
      .slice(-lines);
  } finally {
    await file.close();
  }
}
