import { InstarError } from "@instar/protocol";
import { parseSettings } from "../settings/parse-settings.ts";
import { type Change, isSameFile } from "./change.ts";
import type { Edit } from "./edit.ts";
import type { Target } from "./plan-target.ts";
import { digestOf, type FileFacts, LARGEST_FILE_BYTES, type LiveFile } from "./read-live-file.ts";
import { classifyFormat, readConfiguration, setValues } from "./set-values.ts";

export interface ChangeQuestion {
  readonly edit: Edit;
  readonly target: Target & { kind: "target" };
  /** What is there; absent also where its folder is made by the same plan. */
  readonly live: LiveFile;
  /** Whether its folder is there, or made by the same plan. */
  readonly hasFolder: boolean;
  /** What a file-write writes. */
  readonly content: Buffer | undefined;
  /** Who writes. */
  readonly user: { readonly uid: number; readonly gid: number };
}

export type PlannedChange =
  | { readonly kind: "change"; readonly change: Change; readonly bytes: Buffer | undefined }
  | { readonly kind: "nothing"; readonly because: string }
  | { readonly kind: "refused"; readonly code: "EDIT_REFUSED" | "EDIT_CONFLICT"; readonly because: string };

/** New files are for their owner, and for a group that reads them. */
const NEW_FILE_MODE = 0o640;
const NEW_FOLDER_MODE = 0o750;

/** What an edit makes of what is there, or why it may not. Pure. */
export function planChange(question: ChangeQuestion): PlannedChange {
  const { edit, target, live, hasFolder, user } = question;
  const { path } = edit;
  const place = { path, base: target.base, names: target.names, edit: edit.kind };
  if (live.found === "other") return refuse(`${path} is ${live.what}`);
  if (edit.kind === "directory-create") {
    if (live.found === "directory") return { kind: "nothing", because: `${path} is there already` };
    if (live.found === "file") return conflict(`${path} is a file`);
    if (!hasFolder) return refuse(`the folder of ${path} is not there; make it first, by \`directory:\``);
    return { kind: "change", change: { ...place, kind: "make-folder", mode: edit.mode ?? NEW_FOLDER_MODE }, bytes: undefined };
  }
  if (edit.kind === "directory-remove") {
    if (live.found === "absent") return { kind: "nothing", because: `${path} is gone already` };
    if (live.found === "file") return conflict(`${path} is a file`);
    return { kind: "change", change: { ...place, kind: "remove-folder", mode: NEW_FOLDER_MODE }, bytes: undefined };
  }
  if (live.found === "directory") return refuse(`${path} is a folder`);
  const before = live.found === "file" ? live.facts : null;
  if (edit.expect !== undefined && (before?.digest ?? "absent") !== edit.expect)
    return conflict(`${path} is ${before === null ? "not there" : `${before.digest}`}, and the plan expects ${edit.expect}`);
  if (live.found === "file" && live.names > 1) return refuse(`${path} has another name as well (a hard link), which would be left behind`);
  if (before !== null && user.uid !== 0 && before.uid !== user.uid) return refuse(`${path} belongs to another user (${before.uid}), whose it could not stay`);
  if (edit.kind === "file-delete") {
    if (before === null) return edit.expect === "absent" ? { kind: "nothing", because: `${path} is gone already` } : conflict(`${path} is not there`);
    if (target.isSettings) return refuse("without instar.yaml there is no instance");
    return { kind: "change", change: { ...place, kind: "file", before, after: null }, bytes: undefined };
  }
  if (!hasFolder) return refuse(`the folder of ${path} is not there; make it first, by \`directory:\``);
  const made = makeBytes(question, live);
  if ("kind" in made) return made;
  if (made.length > LARGEST_FILE_BYTES) return refuse(`${path} would be larger than ${LARGEST_FILE_BYTES / 1_048_576} MiB`);
  const after: FileFacts = {
    digest: digestOf(made),
    sizeBytes: made.length,
    mode: (edit.kind === "file-write" ? edit.mode : undefined) ?? before?.mode ?? NEW_FILE_MODE,
    uid: before?.uid ?? user.uid,
    gid: before?.gid ?? user.gid,
    mtimeMs: edit.kind === "file-write" ? (edit.mtimeMs ?? 0) : 0,
  };
  if (isSameFile(before, after)) return { kind: "nothing", because: `${path} is so already` };
  const unfit = whyUnfit(question, live, made);
  if (unfit !== undefined) return refuse(unfit);
  const setsTime = edit.kind === "file-write" && edit.mtimeMs !== undefined ? ({ setsTime: true } as const) : {};
  return { kind: "change", change: { ...place, kind: "file", before, after, ...setsTime }, bytes: made };
}

function makeBytes({ edit, content }: ChangeQuestion, live: LiveFile): Buffer | PlannedChange {
  if (edit.kind !== "configuration-update") return content ?? refuse(`the content of ${edit.path} is gone`);
  if (live.found !== "file") return conflict(`${edit.path} is not there, so no value can be set in it`);
  try {
    return setValues(live.bytes, edit.path, edit);
  } catch (error) {
    if (!InstarError.is(error, "EDIT_REFUSED")) throw error;
    return refuse(error.advice === undefined ? error.message : `${error.message}. ${error.advice}`);
  }
}

/** What is written must be read by somebody: where the name says what it is, it must be that, unless it was not that before. */
function whyUnfit({ edit, target }: ChangeQuestion, live: LiveFile, bytes: Buffer): string | undefined {
  if (target.isSettings) {
    const broken = tryTo(() => parseSettings(new TextDecoder("utf-8", { fatal: true }).decode(bytes), edit.path));
    return broken === undefined ? undefined : `instar.yaml would no longer be settings: ${broken}`;
  }
  const format = classifyFormat(edit.path);
  if (format === undefined || (edit.kind === "file-write" && !edit.parse)) return undefined;
  if (live.found === "file" && tryTo(() => readConfiguration(live.bytes, edit.path, format)) !== undefined) return undefined;
  const broken = tryTo(() => readConfiguration(bytes, edit.path, format));
  return broken === undefined ? undefined : `what would be written cannot be read: ${broken}; \`parse: false\` writes it all the same`;
}

function tryTo(act: () => unknown): string | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    return InstarError.is(error) ? error.message : "it is not UTF-8 text";
  }
}

const refuse = (because: string) => ({ kind: "refused", code: "EDIT_REFUSED", because }) as const;
const conflict = (because: string) => ({ kind: "refused", code: "EDIT_CONFLICT", because }) as const;
