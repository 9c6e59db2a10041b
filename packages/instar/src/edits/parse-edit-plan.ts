import { posix } from "node:path";
import { InstarError } from "@instar/protocol";
import { LineCounter, parseDocument } from "yaml";
import { z } from "zod";
import type { Json } from "../ledger/ledger-entry.ts";
import type { Edit, EditPlan } from "./edit.ts";
import { parsePointer } from "./parse-pointer.ts";

/** So that what an update says of its edits fits into one entry of the ledger. */
const MOST_EDITS = 100;

/**
 * The edits that a plan asks for. YAML 1.2, and so JSON too.
 *
 * @throws InstarError INPUT_INVALID with every mistake and where it is. What the plan says is never repeated: it may be a secret
 */
export function parseEditPlan(text: string): EditPlan {
  const asked = planSchema.safeParse(readPlainValue(text));
  if (!asked.success) throw mistaken(asked.error.issues.map(explainIssue));
  const restarts = asked.data.edits.filter((edit) => "restart" in edit);
  const edits = asked.data.edits.flatMap((edit) => toEdit(edit) ?? []);
  const mistakes = [
    ...findTwins(edits.map(({ path }) => path)),
    ...edits.flatMap((edit) => (edit.kind === "configuration-update" ? findOverlaps(edit) : [])),
    ...(asked.data.edits.length > MOST_EDITS ? [`a plan has at most ${MOST_EDITS} edits`] : []),
    ...(edits.length + restarts.length === 0 ? ["it edits nothing"] : []),
  ];
  if (mistakes.length > 0) throw mistaken(mistakes);
  return { because: asked.data.because, edits, restart: restarts.some(({ restart }) => restart) };
}

const path = z
  .string()
  .min(1)
  .max(4_096)
  .refine((text) => !/\p{Cc}/u.test(text), "a path has no control characters")
  .refine((text) => !text.split("/").includes(".."), "a path does not go up by ..");
const mode = z
  .string({ error: 'a mode is text, in quotes: "0640"' })
  .regex(/^0?[0-7]{3}$/, 'a mode is three octal digits: "0640"')
  .transform((text) => Number.parseInt(text, 8))
  .optional();
const expect = z.union([z.literal("absent"), z.templateLiteral(["sha256:", z.string().regex(/^[0-9a-f]{64}$/)])], {
  error: "absent, or sha256: with 64 hex digits",
});
const pointer = z.string().refine((text) => parsePointer(text) !== undefined, "a JSON pointer: /key/inner");

const writeEdit = z
  .strictObject({
    write: path,
    content: z.string({ error: "content is text; other bytes are given as base64, or by `from`" }).optional(),
    base64: z.base64().optional(),
    from: z.string().min(1).optional(),
    mode,
    expect: expect.optional(),
    parse: z.boolean().default(true),
  })
  .refine(({ content, base64, from }) => [content, base64, from].filter((each) => each !== undefined).length === 1, "one of content, base64 and from");
const deleteEdit = z.strictObject({ delete: path, expect: expect.optional() });
const directoryEdit = z.strictObject({ directory: path, mode });
const setEdit = z.strictObject({
  set: path,
  values: z.record(pointer, z.json()).default({}),
  remove: z.array(pointer).default([]),
  expect: expect.optional(),
});
const restartEdit = z.strictObject({ restart: z.boolean() });
const EDITS = { write: writeEdit, delete: deleteEdit, directory: directoryEdit, set: setEdit, restart: restartEdit } as const;
type Asked = z.output<(typeof EDITS)[keyof typeof EDITS]>;

/** Which kind an edit is, its own key says; so a mistake in it is explained as one of that kind. */
const edit = z.unknown().transform((value, context): Asked => {
  const kind = typeof value === "object" && value !== null ? (Object.keys(EDITS) as (keyof typeof EDITS)[]).filter((key) => Object.hasOwn(value, key)) : [];
  const [only] = kind;
  if (only === undefined || kind.length > 1) {
    context.addIssue({ code: "custom", message: `an edit has exactly one of ${Object.keys(EDITS).join(", ")}` });
    return z.NEVER;
  }
  const parsed = EDITS[only].safeParse(value);
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) context.addIssue({ code: "custom", message: explainIssue(issue) });
  return z.NEVER;
});
const planSchema = z.strictObject(
  {
    because: z.string({ error: "one sentence that says why" }).min(1).max(500),
    edits: z.array(edit, { error: "a list of edits" }),
  },
  { error: (issue) => (issue.code === "invalid_type" ? "the plan is empty, or no map" : undefined) },
);

function toEdit(asked: Asked): Edit | undefined {
  if ("write" in asked) {
    const { write, content, base64, from, mode: bits, expect: wanted, parse } = asked;
    return {
      kind: "file-write",
      path: posix.normalize(write),
      content: content !== undefined ? { text: content } : base64 !== undefined ? { base64 } : { from: from ?? "" },
      parse,
      ...(bits === undefined ? {} : { mode: bits }),
      ...(wanted === undefined ? {} : { expect: wanted }),
    };
  }
  if ("delete" in asked) return { kind: "file-delete", path: posix.normalize(asked.delete), ...(asked.expect === undefined ? {} : { expect: asked.expect }) };
  if ("directory" in asked)
    return {
      kind: "directory-create",
      path: posix.normalize(asked.directory).replace(/(?<=.)\/$/, ""),
      ...(asked.mode === undefined ? {} : { mode: asked.mode }),
    };
  if ("set" in asked)
    return {
      kind: "configuration-update",
      path: posix.normalize(asked.set),
      values: asked.values as Readonly<Record<string, Json>>,
      remove: asked.remove,
      ...(asked.expect === undefined ? {} : { expect: asked.expect }),
    };
  return undefined;
}

function findTwins(paths: readonly string[]): string[] {
  const twins = paths.filter((each, index) => paths.indexOf(each) !== index);
  return [...new Set(twins)].map((twin) => `${twin} is edited twice`);
}

/** Of two pointers, one inside the other, the order would decide what is left. */
function findOverlaps({ path: file, values, remove }: Edit & { kind: "configuration-update" }): string[] {
  const pointers = [...Object.keys(values), ...remove];
  if (pointers.length === 0) return [`${file}: neither values nor remove`];
  return pointers.flatMap((one, index) =>
    pointers.some((other, at) => at !== index && (other.startsWith(`${one}/`) || (other === one && at > index)))
      ? [`${file}: ${one} is set or removed twice`]
      : [],
  );
}

function readPlainValue(text: string): unknown {
  const lines = new LineCounter();
  // Without the parser's own words and warnings, which quote the text.
  const document = parseDocument(text, { version: "1.2", schema: "core", prettyErrors: false, uniqueKeys: true, logLevel: "error", lineCounter: lines });
  const [broken] = document.errors;
  if (broken !== undefined) throw mistaken([`it is not YAML at line ${lines.linePos(broken.pos[0]).line} (${broken.code})`]);
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch {
    throw mistaken(["its aliases do not resolve"]);
  }
}

function explainIssue(issue: { readonly path: readonly PropertyKey[]; readonly message: string; readonly code?: string | undefined }): string {
  const message = issue.code === "invalid_key" ? "a place is a JSON pointer: /key/inner" : issue.message;
  return `${issue.path.length === 0 ? "" : `${issue.path.map(String).join(".")}: `}${message}`;
}

const mistaken = (mistakes: readonly string[]) =>
  new InstarError("INPUT_INVALID", `the plan has ${mistakes.length === 1 ? "a mistake" : "mistakes"}: ${mistakes.join("; ")}`, {
    advice: "docs/edits.md shows what a plan may say. Nothing was changed.",
  });
