import { InstarError } from "@instar/protocol";
import { quotePath } from "./explain-refusal.ts";
import { FOLDER_LIMITS } from "./folder-limits.ts";
import type { AgentNames } from "./parse-agent-path.ts";
import type { FilePatch } from "./plan-patch.ts";
import type { WholeFile } from "./read-agent-file.ts";

/** What one path is to become, and what it must be until then. */
export interface FileChange {
  readonly names: AgentNames;
  readonly before: WholeFile | null;
  /** Null: removed. */
  readonly after: { readonly bytes: Buffer; readonly mode: "644" | "755" } | null;
}

/**
 * What a patch of one file comes to on what is there.
 *
 * @param before what is at `from`; null where nothing is
 * @param isTaken whether something is at `to` where that is new
 * @param apply the text after the hunks, or undefined where they do not fit
 * @throws InstarError CONFLICT where the file is not what the patch was made for, INPUT_INVALID where it gets too large
 */
export function decideChange(
  { from, to, mode, parsed }: FilePatch,
  before: WholeFile | null,
  isTaken: boolean,
  apply: (text: string) => string | undefined,
): FileChange[] {
  const path = (from ?? to ?? []).join("/");
  const conflict = (because: string) => new InstarError("CONFLICT", `the patch was not applied, and nothing was changed: ${because}`, { facts: { path } });
  if (from !== null && before === null) throw conflict(`there is no ${quotePath(path)}`);
  if (isTaken) throw conflict(`${quotePath((to ?? []).join("/"))} is there already`);
  const text = before === null ? "" : decodeText(before.bytes);
  if (text === undefined && parsed.hunks.length > 0) throw conflict(`${quotePath(path)} is not UTF-8 text`);
  const applied = text === undefined ? undefined : apply(text);
  if (text !== undefined && applied === undefined) throw conflict(`a hunk does not fit ${quotePath(path)} as it is now. Read it again`);
  if (from !== null && to === null) {
    if (before !== null && before.bytes.length > 0 && applied !== "") throw conflict(`${quotePath(path)} has more in it than the patch removes`);
    return [{ names: from, before, after: null }];
  }
  const bytes = applied === undefined ? (before?.bytes ?? Buffer.alloc(0)) : Buffer.from(applied);
  if (bytes.length > FOLDER_LIMITS.fileBytes)
    throw new InstarError("INPUT_INVALID", `${quotePath(path)} would be larger than ${FOLDER_LIMITS.fileBytes} bytes`);
  const after = { bytes, mode: mode ?? before?.mode ?? "644" };
  if (from === null || to === null || from.join("/") === to.join("/")) return [{ names: to ?? [], before, after }];
  return [
    { names: to, before: null, after },
    { names: from, before, after: null },
  ];
}

function decodeText(bytes: Buffer): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
