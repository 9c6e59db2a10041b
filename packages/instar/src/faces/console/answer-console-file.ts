import { openServedFile } from "../open-served-file.ts";
import { planConsolePath } from "./plan-console-path.ts";

export interface ConsoleFileQuestion {
  /** As it stands in the address. */
  readonly path: string;
  readonly acceptEncoding: string | undefined;
  readonly ifNoneMatch: string | undefined;
}

/** No code but what the build brought, from nowhere but here; no frame around it, and no word to others of where it was. */
const CONSOLE_HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
};

const NOT_BUILT =
  "The web console was not built.\n\nIn Instar's own folder: node scripts/build-console.ts\nAn installed Instar brings it along: install it again.\n";

/**
 * A file of the built console; its page for every place in the app. Nobody needs to be let in for these: they are the same for all, and hold nothing of the instance.
 * @param folder where the build lies; null where there is none
 */
export async function answerConsoleFile(folder: string | null, { path, acceptEncoding, ifNoneMatch }: ConsoleFileQuestion): Promise<Response> {
  const place = planConsolePath(path);
  if (place.kind === "nothing") return answerText("there is nothing here\n");
  const { parts, type, isForEver } = place;
  const file = folder === null ? undefined : await readBuilt(folder, parts, acceptEncoding);
  if (file === undefined) return answerText(place.kind === "page" ? NOT_BUILT : "there is nothing here\n");
  const about = {
    ...CONSOLE_HEADERS,
    "content-type": type,
    "cache-control": isForEver ? "public, max-age=31536000, immutable" : "no-store",
    vary: "accept-encoding",
    ...(file.isPacked ? { "content-encoding": "br" } : {}),
  };
  if (!isForEver) return new Response(file.bytes, { headers: about });
  const etag = { etag: file.etag };
  return ifNoneMatch === file.etag
    ? new Response(null, { status: 304, headers: { ...about, ...etag } })
    : new Response(file.bytes, { headers: { ...about, ...etag } });
}

/** Beside a file of the build may lie the same, packed: `<name>.br`. */
async function readBuilt(
  folder: string,
  parts: readonly string[],
  acceptEncoding = "",
): Promise<{ bytes: Buffer<ArrayBuffer>; etag: string; isPacked: boolean } | undefined> {
  const packed = [...parts.slice(0, -1), `${parts.at(-1)}.br`];
  const takesPacked = /(^|[\s,])br(?!\s*;\s*q=0(\.0*)?\s*(,|$))/.test(acceptEncoding);
  for (const wanted of takesPacked ? [packed, parts] : [parts]) {
    const file = await openServedFile(folder, wanted);
    if (file === undefined) continue;
    try {
      return { bytes: Buffer.from(await file.handle.readFile()), etag: file.etag, isPacked: wanted === packed };
    } finally {
      await file.handle.close();
    }
  }
  return undefined;
}

const answerText = (text: string) =>
  new Response(text, { status: 404, headers: { ...CONSOLE_HEADERS, "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" } });
