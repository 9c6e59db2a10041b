import { isDeepStrictEqual } from "node:util";
import { InstarError } from "@instar/protocol";
import { escapeKey } from "../platform/read-json-pointer.ts";
import { isSecretName } from "./is-secret-name.ts";
import { MASK, maskText } from "./mask-secrets.ts";
import type { PlannedEdit } from "./plan-edits.ts";
import { classifyFormat, readConfiguration } from "./set-values.ts";

const MOST_LINES = 200;
const LONGEST_VALUE = 120;

/**
 * What a change would do, in lines for a person. Of a configuration file each value that differs; of other text each line. What looks like a
 * secret, by the name of its key or by its own form, is masked. Pure.
 */
export function renderDifference({ change, bytes, was }: PlannedEdit): string[] {
  if (change.kind !== "file") return [`${change.path}: ${change.kind === "make-folder" ? "new folder" : "the folder goes, if it is empty"}`];
  const { before, after } = change;
  const modes = before !== null && after !== null && before.mode !== after.mode ? [`  mode ${before.mode.toString(8)} → ${after.mode.toString(8)}`] : [];
  const head = `${change.path}: ${before === null ? `new, ${after?.sizeBytes ?? 0} bytes` : after === null ? `deleted, ${before.sizeBytes} bytes` : `${before.sizeBytes} → ${after.sizeBytes} bytes`}`;
  const lines = differ(change.path, was, bytes);
  const shown = lines.length > MOST_LINES ? [...lines.slice(0, MOST_LINES), `… and ${lines.length - MOST_LINES} more`] : lines;
  return [head, ...modes, ...shown.map((line) => `  ${line}`)];
}

function differ(path: string, was: Buffer | undefined, will: Buffer | undefined): string[] {
  const format = classifyFormat(path);
  const read = (bytes: Buffer | undefined) => (bytes === undefined || format === undefined ? undefined : tryRead(() => readConfiguration(bytes, path, format)));
  const [before, after] = [read(was), read(will)];
  const isReadable = format !== undefined && (was === undefined || before !== undefined) && (will === undefined || after !== undefined);
  if (isReadable) return differValues(before, after, [], false);
  const [left, right] = [linesOf(was), linesOf(will)];
  return left === undefined || right === undefined ? ["its bytes differ"] : differLines(left, right);
}

function differValues(before: unknown, after: unknown, keys: readonly string[], isSecret: boolean): string[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (isContainer(before) && isContainer(after) && Array.isArray(before) === Array.isArray(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return names.flatMap((name) =>
      differValues(
        Object.hasOwn(before, name) ? before[name] : undefined,
        Object.hasOwn(after, name) ? after[name] : undefined,
        [...keys, name],
        isSecret || isSecretName(name),
      ),
    );
  }
  const pointer = keys.map((key) => `/${escapeKey(key)}`).join("") || "/";
  if (before === undefined) return [`+ ${pointer}: ${renderValue(after, isSecret)}`];
  if (after === undefined) return [`- ${pointer}: ${renderValue(before, isSecret)}`];
  return [`~ ${pointer}: ${renderValue(before, isSecret)} → ${renderValue(after, isSecret)}`];
}

const isContainer = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

function renderValue(value: unknown, isSecret: boolean): string {
  if (isSecret) return MASK;
  const text = JSON.stringify(value, (key, inner: unknown) => {
    if (key !== "" && isSecretName(key)) return MASK;
    if (typeof inner === "bigint") return BigInt(Number(inner)) === inner ? Number(inner) : String(inner);
    return typeof inner === "string" ? maskText(inner) : inner;
  });
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text;
}

/** Undefined where it is no text. */
function linesOf(bytes: Buffer | undefined): string[] | undefined {
  if (bytes === undefined) return [];
  if (bytes.includes(0)) return undefined;
  const text = tryRead(() => new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  return text?.split(/\r?\n/);
}

/** What is between the lines at the beginning and at the end that both have: enough to see what an edit does. */
function differLines(before: readonly string[], after: readonly string[]): string[] {
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < before.length - head && tail < after.length - head && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail += 1;
  return [
    ...maskLines(before.slice(head, before.length - tail)).map((line) => `- ${line}`),
    ...maskLines(after.slice(head, after.length - tail)).map((line) => `+ ${line}`),
  ];
}

/** Also what is below a key that is called as secrets are, by its indentation, and between the marks of a key. */
function maskLines(lines: readonly string[]): string[] {
  let below = -1;
  let isBetweenMarks = false;
  return lines.map((line) => {
    const indent = /^\s*/.exec(line)?.[0].length ?? 0;
    const key = /^\s*(?:-\s+|export\s+)?["']?([\w.-]+)["']?\s*[:=]/.exec(line);
    const wasBetween = isBetweenMarks;
    if (/-----BEGIN/.test(line)) isBetweenMarks = true;
    if (/-----END/.test(line)) isBetweenMarks = false;
    if (wasBetween || isBetweenMarks) return MASK;
    if (below >= 0 && line.trim() !== "" && indent > below) return `${" ".repeat(indent)}${MASK}`;
    below = -1;
    if (key?.[1] === undefined || !isSecretName(key[1])) return maskText(line).replaceAll(/\p{Cc}/gu, "");
    below = indent;
    return `${key[0]} ${MASK}`;
  });
}

function tryRead<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (InstarError.is(error) || error instanceof TypeError) return undefined;
    throw error;
  }
}
