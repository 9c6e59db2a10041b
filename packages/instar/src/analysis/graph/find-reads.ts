/** More than these, and the file is a table of strings; what it then really reads stays unexplained, which counts as affecting everything. */
const MOST = 2_000;
const LONGEST = 200;

/** What a change of these is told by imports, not by reads. */
const MODULE_ENDINGS: ReadonlySet<string> = new Set(["js", "mjs", "cjs", "jsx", "ts", "mts", "cts", "tsx"]);

/**
 * Quoted texts that end like a file's name: `"prompts/system.md"`, and `prompts/*.md` of a template with holes. Found in the text and not in the
 * tree: one in a comment names a file too much, never too little. Each once. Linear: from each ending it looks back a bounded way.
 * @param told endings of files that are told by imports
 */
export function findReads(text: string, told: ReadonlySet<string> = MODULE_ENDINGS): string[] {
  const found = new Set<string>();
  for (const match of text.matchAll(/\.([A-Za-z0-9_-]{1,12})["'`]/g)) {
    if (told.has(match[1]?.toLowerCase() ?? "")) continue;
    const quote = text[match.index + match[0].length - 1] ?? "";
    const end = match.index + match[0].length - 1;
    const before = text.slice(Math.max(0, end - LONGEST), end);
    const start = before.lastIndexOf(quote);
    const name = start === -1 ? undefined : cleanName(before.slice(start + 1), quote);
    if (name !== undefined) found.add(name);
    if (found.size >= MOST) break;
  }
  return [...found];
}

/** Relative to nothing in particular: leading `./`, `../` and `/` say where from, which is not known. */
function cleanName(written: string, quote: string): string | undefined {
  const text = quote === "`" ? written.replace(/\$\{[^{}]*\}/g, "*") : written;
  if (/[\n"'`\\<>|]|:\/\//.test(text)) return undefined;
  const name = text.replace(/^(?:\.{0,2}\/)+/, "").replace(/^(?:\*\/)+/, "");
  return name === "" || name.startsWith("*.") ? undefined : name;
}
