import type { FoundImport } from "../module-facts.ts";

/** What a text that does not parse seems to import, by lines that look like it: too much is better than nothing. Linear. */
export function findImportsByLines(text: string): FoundImport[] {
  const found: FoundImport[] = [];
  for (const match of text.matchAll(/^[ \t\f]*(?:from[ \t]+([.\w]{1,500})[ \t]+import\b|import[ \t])([^\r\n]*)/gm)) {
    const module = match[1];
    const names = (match[2] ?? "")
      .slice(0, LONGEST_LINE)
      .split(",")
      .flatMap((each) => /^[\s(]*([\w.]{1,500})/.exec(each)?.[1] ?? []);
    const say = (specifier: string, kind: "python" | "python-name") => found.push({ specifier, kind, isPattern: false, at: match.index, isOptional: true });
    if (module === undefined) for (const name of names) say(name, "python");
    else {
      say(module, "python");
      for (const name of names) say(`${module}${module.endsWith(".") ? "" : "."}${name}`, "python-name");
    }
  }
  return found;
}

const LONGEST_LINE = 10_000;
