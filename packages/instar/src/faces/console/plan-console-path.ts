/** What a path below /console names: a file of the build by its parts, the page itself, or nothing. */
export type ConsolePlace =
  | { readonly kind: "file" | "page"; readonly parts: readonly string[]; readonly type: string; readonly isForEver: boolean }
  | { readonly kind: "nothing" };

/** Of the names that a build writes, all are like this. No separator and no dot in front, so none leads elsewhere or shows what is hidden. */
const NAME = /^[A-Za-z0-9_$-][A-Za-z0-9_$.-]{0,199}$/;

/** What is served, and as what; nothing else is. */
const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  json: "application/json",
  webmanifest: "application/manifest+json",
  svg: "image/svg+xml",
  png: "image/png",
  ico: "image/x-icon",
  woff2: "font/woff2",
  txt: "text/plain; charset=utf-8",
};

const PAGE: ConsolePlace = { kind: "page", parts: ["index.html"], type: "text/html; charset=utf-8", isForEver: false };

/**
 * Without a dot in its last part a path is a place in the app, which the page itself finds; with one it is a file. Decoded once, and what is encoded twice stays
 * encoded and is no name. Pure.
 *
 * @param path as it stands in the address, from /console on
 */
export function planConsolePath(path: string): ConsolePlace {
  const parts = decodeParts(path.slice("/console".length).replace(/^\//, ""));
  if (parts === undefined) return { kind: "nothing" };
  const name = parts.at(-1) ?? "";
  if (!name.includes(".")) return PAGE;
  const type = TYPES[name.split(".").at(-1) ?? ""];
  if (type === undefined || !parts.every((part) => NAME.test(part))) return { kind: "nothing" };
  if (parts.length === 1 && name === "index.html") return PAGE;
  // Below assets the name of each file has its content's digest in it.
  return { kind: "file", parts, type, isForEver: parts.length > 1 && parts[0] === "assets" };
}

function decodeParts(path: string): string[] | undefined {
  try {
    return path.split("/").map(decodeURIComponent);
  } catch {
    return undefined;
  }
}
