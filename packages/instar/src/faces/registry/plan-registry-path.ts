/** What a request names: a file by the parts of its place in the repository, the answer for clients without TUF, or nothing that is here. */
export type RegistryPlace =
  | { readonly kind: "file"; readonly parts: readonly string[]; readonly isForEver: boolean }
  | { readonly kind: "updates"; readonly query: URLSearchParams }
  | { readonly kind: "nothing" };

/** Of the names that are ever written here, all are like this. No separator, no dot in front, so none leads elsewhere or shows what is half written. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$/;

/**
 * A list of what is served, not of what is not: `/metadata/<name>.json` and `/targets/<channel>/<name>.tgz`. Decoded once, and what is encoded twice stays
 * encoded and is no name. Pure.
 */
export function planRegistryPath(url: string): RegistryPlace {
  const [path = "", ...query] = url.split("?");
  if (path === "/api/v1/updates") return { kind: "updates", query: new URLSearchParams(query.join("?")) };
  const parts = decodeParts(path);
  if (parts === undefined || !parts.every((part) => NAME.test(part))) return { kind: "nothing" };
  const [room, , ...rest] = parts;
  const name = parts.at(-1) ?? "";
  if (room === "metadata" && parts.length === 2 && name.endsWith(".json")) return { kind: "file", parts, isForEver: false };
  // The name of a release begins with its digest.
  if (room === "targets" && rest.length === 1 && /^[0-9a-f]{64}\..+\.tgz$/.test(name)) return { kind: "file", parts, isForEver: true };
  return { kind: "nothing" };
}

function decodeParts(path: string): string[] | undefined {
  if (!path.startsWith("/")) return undefined;
  try {
    return path.slice(1).split("/").map(decodeURIComponent);
  } catch {
    return undefined;
  }
}
