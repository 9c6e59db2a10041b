import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { makePrivateFolder, writeFileDurably } from "../../platform/durable-files.ts";
import { isPlain } from "../lockfiles/plain-value.ts";
import { EXTRACTOR_VERSION } from "./parse-module.ts";

/**
 * What was read out of a content, kept by that content: a file whose content is known is not read again. Keys name the kind of reading and the
 * content; values are plain JSON and belong to whoever put them there.
 */
export interface GraphCache {
  readonly get: (key: string) => unknown;
  readonly set: (key: string, value: unknown) => void;
  /** Writes what was asked for or added since it was opened; what nobody asked for is dropped. Whole or not at all. */
  readonly save: () => Promise<void>;
}

/** A larger file is damaged, or somebody else's. */
const MOST_BYTES = 512 * 1_048_576;

/** A cache that forgets: for one analysis without a place to keep anything. */
export function createMemoryCache(known: ReadonlyMap<string, unknown> = new Map()): Omit<GraphCache, "save"> & { readonly used: ReadonlyMap<string, unknown> } {
  const used = new Map<string, unknown>();
  return {
    used,
    get: (key) => {
      const value = used.get(key) ?? known.get(key);
      if (value !== undefined) used.set(key, value);
      return value;
    },
    set: (key, value) => void used.set(key, value),
  };
}

/**
 * Opens the one file of an instance. A file that is missing, damaged, of another version or not ours counts as empty: a checksum stands in front.
 * @throws InstarError from `save` alone: DISK_FULL, PLATFORM_FAILED
 */
export async function openGraphCache(path: string): Promise<GraphCache> {
  const known = await readKnown(path);
  const cache = createMemoryCache(known);
  return {
    ...cache,
    save: async () => {
      const isSame = cache.used.size === known.size && [...cache.used].every(([key, value]) => known.get(key) === value);
      if (isSame) return;
      const body = JSON.stringify([...cache.used]);
      await makePrivateFolder(dirname(path));
      await writeFileDurably(path, `${JSON.stringify(headerOf(body))}\n${body}`);
    },
  };
}

async function readKnown(path: string): Promise<ReadonlyMap<string, unknown>> {
  try {
    const text = await readRegularFile(path);
    const end = text.indexOf("\n");
    const body = text.slice(end + 1);
    if (end === -1 || text.slice(0, end) !== JSON.stringify(headerOf(body))) return new Map();
    const entries: unknown = JSON.parse(body);
    return new Map(Array.isArray(entries) ? entries.filter(isEntry) : []);
  } catch {
    return new Map();
  }
}

async function readRegularFile(path: string): Promise<string> {
  const file = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  try {
    const found = await file.stat();
    return found.isFile() && found.size <= MOST_BYTES ? await file.readFile("utf8") : "";
  } finally {
    await file.close();
  }
}

const isEntry = (entry: unknown): entry is [string, unknown] => Array.isArray(entry) && typeof entry[0] === "string" && isPlain(entry[1]);

/** Another parser, or another reading of what it says, gives other facts of the same content. */
const headerOf = (body: string) => ({
  format: "instar module facts 1",
  extractor: EXTRACTOR_VERSION,
  parser: PARSER_VERSION,
  sha256: createHash("sha256").update(body).digest("hex"),
});

const PARSER_VERSION = readParserVersion();

function readParserVersion(): string {
  try {
    const found: unknown = createRequire(import.meta.url)("oxc-parser/package.json");
    return isPlain(found) ? String(found["version"]) : "unknown";
  } catch {
    return "unknown";
  }
}
