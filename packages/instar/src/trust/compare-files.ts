import { quoteText } from "../platform/plain-text.ts";
import type { ReleaseFile } from "./release-manifest.ts";

export type FilesVerdict = { readonly kind: "same" } | { readonly kind: "different"; readonly because: readonly string[] };

const NAMED_AT_MOST = 20;

/** Whether what was found is exactly what a manifest lists: no file less, none more, none changed. Pure. */
export function compareFiles(listed: readonly ReleaseFile[], found: readonly ReleaseFile[]): FilesVerdict {
  const there = new Map(found.map((file) => [file.path, file]));
  const names = new Set(listed.map(({ path }) => path));
  const changed = listed.flatMap((file) => {
    const because = describeChange(file, there.get(file.path));
    return because === undefined ? [] : [`${quoteText(file.path, 200)} ${because}`];
  });
  const extra = found.filter(({ path }) => !names.has(path)).map(({ path }) => `${quoteText(path, 200)} is not listed`);
  const because = [...changed, ...extra];
  if (because.length === 0) return { kind: "same" };
  const shown = because.slice(0, NAMED_AT_MOST);
  return { kind: "different", because: because.length > shown.length ? [...shown, `and ${because.length - shown.length} more`] : shown };
}

function describeChange(listed: ReleaseFile, found: ReleaseFile | undefined): string | undefined {
  if (found === undefined) return "is missing";
  if (found.sizeBytes !== listed.sizeBytes) return `has ${found.sizeBytes} bytes, not ${listed.sizeBytes}`;
  if (found.digest !== listed.digest) return "has other content";
  return found.mode === listed.mode ? undefined : `has mode ${found.mode}, not ${listed.mode}`;
}
