import { InstarError } from "@instar/protocol";

/**
 * The variables of a file of NAME=value lines, later ones winning: `export NAME=value`, comments, single quotes (taken
 * literally) and double quotes (with \n \r \t \" \\ \$), both over several lines. `$OTHER` is not filled in.
 *
 * @throws InstarError SETTINGS_INVALID naming the first line that is mistaken; never what the line says: it is a secret
 */
export function parseEnvironmentFile(text: string, path: string): Readonly<Record<string, string>> {
  const entries: [string, string][] = [];
  const reader = { text: text.replace(/^\uFEFF/, "").replaceAll("\r\n", "\n"), at: 0 };
  while (reader.at < reader.text.length) {
    const start = reader.at;
    const entry = parseEntry(reader);
    if (entry === undefined) continue;
    if ("mistake" in entry) throw environmentInvalid(path, lineAt(reader.text, start), entry.mistake);
    entries.push([entry.name, entry.value]);
  }
  // Not by assignment: a variable may be called __proto__, and must then be a variable.
  return Object.fromEntries(entries);
}

interface Reader {
  readonly text: string;
  at: number;
}

type Entry = { readonly name: string; readonly value: string } | { readonly mistake: string };

/** Takes one entry and the rest of its last line; undefined for an empty line or a comment. */
function parseEntry(reader: Reader): Entry | undefined {
  if (take(reader, /[ \t]*(#[^\n]*)?(\n|$)/y) !== undefined) return undefined;
  const name = take(reader, /[ \t]*(?:export[ \t]+)?([^\s=#'"]+)[ \t]*=/y)?.[1];
  if (name === undefined) return { mistake: "expected NAME=value" };
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return { mistake: "the name must be letters, digits and _, not beginning with a digit" };
  const value = parseValue(reader);
  if (value === undefined) return { mistake: "a quote is not closed" };
  if (value.includes("\0")) return { mistake: "the value has a NUL character in it" };
  if (take(reader, /[ \t]*(#[^\n]*)?(\n|$)/y) === undefined) return { mistake: "something stands after the closing quote" };
  return { name, value };
}

/** Undefined where a quote is not closed. Without quotes, ` #` begins a comment and the ends are trimmed. */
function parseValue(reader: Reader): string | undefined {
  take(reader, /[ \t]*(?=['"])/y);
  const quote = reader.text[reader.at];
  if (quote === "'") return take(reader, /'([^']*)'/y)?.[1];
  if (quote === '"') return take(reader, /"((?:[^"\\]|\\[\s\S])*)"/y)?.[1]?.replaceAll(/\\([nrt"\\$])/g, (_, escaped: string) => ESCAPES[escaped] ?? escaped);
  return take(reader, /(?:(?!\s#)[^\n])*/y)?.[0]?.trim();
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };

function take(reader: Reader, pattern: RegExp): RegExpExecArray | undefined {
  pattern.lastIndex = reader.at;
  const found = pattern.exec(reader.text);
  if (found === null) return undefined;
  reader.at += found[0].length;
  return found;
}

function lineAt(text: string, at: number): number {
  let line = 1;
  for (let index = text.indexOf("\n"); index >= 0 && index < at; index = text.indexOf("\n", index + 1)) line += 1;
  return line;
}

function environmentInvalid(path: string, line: number, mistake: string): InstarError {
  return new InstarError("SETTINGS_INVALID", `${path}, line ${line}: ${mistake}`, {
    facts: { path, line },
    advice: "Each line is NAME=value; text with # or spaces at its ends goes in quotes.",
  });
}
