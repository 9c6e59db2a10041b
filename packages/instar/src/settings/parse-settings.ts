import { InstarError } from "@instar/protocol";
import { type Document, isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, visit, type YAMLError } from "yaml";
import { SMALL_FILE_MAX_BYTES } from "./read-small-file.ts";
import { renderSettingsMistake, renderUnknownKey, type SettingsIssue } from "./render-settings-mistake.ts";
import { type Settings, settingsSchema } from "./settings.ts";
import type { Draft } from "./settings-rule.ts";
import { SETTINGS_RULES } from "./settings-rules.ts";

/** Each use of an anchor counts the nodes it brings along: more than this is a bomb and not a convenience. */
const MAX_ALIAS_NODES = 64;
/** A reader mends a handful at a time, and the sentence must stay readable. */
const MAX_SHOWN = 40;

interface Mistake {
  /** Index into the text. */
  readonly at: number;
  readonly says: string;
}

interface Page {
  readonly document: Document.Parsed;
  readonly lines: LineCounter;
}

/**
 * The settings that an `instar.yaml` says, with every default filled in. YAML 1.2, core schema: `yes` is text.
 *
 * @param path only named in the error
 * @throws InstarError SETTINGS_INVALID with every mistake in its sentence, and in `facts.mistakes` one by one, each with
 *   its line, column and key path. Values are never repeated: they may be secrets.
 */
export function parseSettings(text: string, path: string): Settings {
  if (Buffer.byteLength(text) > SMALL_FILE_MAX_BYTES)
    throw new InstarError("SETTINGS_INVALID", `${path} is larger than ${SMALL_FILE_MAX_BYTES / 1024} KiB; that is no settings file`, { facts: { path } });
  const page = parsePage(text, path);
  const broken = syntaxMistakes(page);
  if (broken.length > 0) throw settingsInvalid(path, page, broken);

  const written = plainValue(page, path);
  const checked = settingsSchema.safeParse(written, { reportInput: true });
  const issues: readonly SettingsIssue[] = checked.success ? [] : checked.error.issues;
  const mistakes = [...issues.flatMap((issue) => schemaMistakes(page, issue)), ...brokenRules(page, written)];
  if (!checked.success || mistakes.length > 0) throw settingsInvalid(path, page, mistakes);
  return withoutRequestsWherePortless(checked.data);
}

function parsePage(text: string, path: string): Page {
  const lines = new LineCounter();
  try {
    const document = parseDocument(text, {
      version: "1.2",
      schema: "core",
      merge: false,
      strict: true,
      uniqueKeys: true,
      prettyErrors: false,
      lineCounter: lines,
    });
    return { document, lines };
  } catch (cause) {
    throw new InstarError("SETTINGS_INVALID", `${path} cannot be read as YAML: it is nested too deeply`, { cause, facts: { path } });
  }
}

/** What YAML itself refuses; nothing else is looked at before this is mended. */
function syntaxMistakes({ document }: Page): Mistake[] {
  const refused: Mistake[] = [...document.errors, ...document.warnings].map((error) => ({ at: error.pos[0], says: renderSyntaxMistake(error) }));
  if (refused.length > 0) return refused.filter(({ at }, index) => refused.findIndex((other) => other.at === at) === index);
  if (document.contents === null || (isScalar(document.contents) && document.contents.value === null))
    return [{ at: 0, says: "the file is empty; `instar init` writes one that fits" }];
  if (!isMap(document.contents))
    return [{ at: document.contents.range[0], says: `expected a mapping of keys (name: …), found ${isSeq(document.contents) ? "a list" : "text"}` }];
  visit(document, {
    Alias: (_, alias) => {
      if (alias.resolve(document) === undefined) refused.push({ at: alias.range?.[0] ?? 0, says: "an alias (*name) without its anchor (&name)" });
    },
    Scalar: (_, scalar) => {
      if (typeof scalar.value === "string" && scalar.value.includes("\0"))
        refused.push({ at: scalar.range?.[0] ?? 0, says: "text with a NUL character in it" });
    },
    Pair: (_, pair) => {
      if (!isScalar(pair.key)) refused.push({ at: isNode(pair.key) ? (pair.key.range?.[0] ?? 0) : 0, says: "a key must be one word" });
    },
  });
  return refused;
}

/** Our own sentences: the parser's may repeat a piece of the file. */
function renderSyntaxMistake({ code, message }: YAMLError): string {
  switch (code) {
    case "TAB_AS_INDENT":
      return "a tab is used to indent; YAML wants spaces";
    case "DUPLICATE_KEY":
      return "this key is there twice";
    case "MULTIPLE_DOCS":
      return "a second document begins here (---); the file holds one";
    case "TAG_RESOLVE_FAILED":
    case "MULTIPLE_TAGS":
      return "tags (!name) are not known here";
    case "BAD_ALIAS":
    case "ALIAS_PROPS":
    case "MULTIPLE_ANCHORS":
      return "an anchor or alias (&name, *name) that YAML does not allow";
    case "BAD_DIRECTIVE":
      return "a directive (%…) that YAML does not know";
    case "BAD_SCALAR_START":
      return "text that begins with this character must be put in quotes";
    case "BAD_DQ_ESCAPE":
      return "an escape (\\…) that YAML does not know; put the text in single quotes";
    case "BLOCK_AS_IMPLICIT_KEY":
      return "a second ': ' in one line; put the text in quotes";
    case "BAD_INDENT":
      return "the indentation fits no level above, or a bracket is not closed";
    case "MISSING_CHAR":
      return /quote/.test(message) ? "a quote, perhaps opened some lines above, is not closed" : "something is missing here, such as a ':', a ',' or a bracket";
    case "MULTILINE_IMPLICIT_KEY":
    case "KEY_OVER_1024_CHARS":
      return "a key must be short and on one line, followed by ':'";
    case "RESOURCE_EXHAUSTION":
      return "it is nested too deeply";
    default:
      return "this is not YAML";
  }
}

function plainValue({ document }: Page, path: string): unknown {
  try {
    return document.toJS({ maxAliasCount: MAX_ALIAS_NODES });
  } catch (cause) {
    const because = cause instanceof RangeError ? "it is nested too deeply" : "its aliases (*name) grow into too much; write the values out";
    throw new InstarError("SETTINGS_INVALID", `${path} cannot be read: ${because}`, { cause, facts: { path } });
  }
}

function schemaMistakes(page: Page, issue: SettingsIssue): Mistake[] {
  const path = issue.path.map(String);
  if (issue.code !== "unrecognized_keys") return [{ at: offsetOf(page, path, "value"), says: renderSettingsMistake(issue) }];
  return issue.keys.slice(0, MAX_SHOWN + 1).map((key) => ({ at: offsetOf(page, [...path, key], "key"), says: renderUnknownKey(path, key) }));
}

function brokenRules(page: Page, written: unknown): Mistake[] {
  const draft: Draft = (...path) => path.reduce(valueAt, written);
  return SETTINGS_RULES.filter((rule) => rule.isBroken(draft)).map((rule) => ({ at: offsetOf(page, rule.at, "key"), says: rule.says }));
}

function valueAt(parent: unknown, key: string): unknown {
  return typeof parent === "object" && parent !== null && Object.hasOwn(parent, key) ? (parent as Record<string, unknown>)[key] : undefined;
}

/** Where a key or its value is written; where it is missing, the nearest parent that is not. */
function offsetOf({ document }: Page, path: readonly string[], part: "key" | "value"): number {
  let node: unknown = document.contents;
  let key = 0;
  for (const segment of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === segment);
      if (!isScalar(pair?.key)) return key;
      key = pair.key.range?.[0] ?? key;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(segment)];
      if (isNode(node)) key = node.range?.[0] ?? key;
    } else return key;
  }
  return part === "value" && isNode(node) ? (node.range?.[0] ?? key) : key;
}

function settingsInvalid(path: string, { lines }: Page, mistakes: readonly Mistake[]): InstarError {
  const sorted = mistakes
    .toSorted((a, b) => a.at - b.at)
    .map(({ at, says }) => {
      const { line, col } = lines.linePos(at);
      return `line ${Math.max(line, 1)}, column ${Math.max(col, 1)}: ${says}`;
    });
  const shown = [...new Set(sorted)];
  const rest = shown.length - MAX_SHOWN;
  const list = [...shown.slice(0, MAX_SHOWN), ...(rest > 0 ? ["and more of them further down"] : [])];
  const sentence = list.length === 1 ? `${path}, ${list[0]}` : `${path} has ${rest > 0 ? "many" : list.length} mistakes:\n  ${list.join("\n  ")}`;
  return new InstarError("SETTINGS_INVALID", sentence, { facts: { path, mistakes: list }, advice: "Mend the file; nothing was changed." });
}

/** The default asks for requests, and an agent without a port gets none: it would be watched for ever. */
function withoutRequestsWherePortless(settings: Settings): Settings {
  return settings.agent.port === "none" ? { ...settings, watch: { ...settings.watch, requests: 0 } } : settings;
}
