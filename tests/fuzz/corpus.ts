import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** What was found once, by target: tried first ever after. */
const CORPUS = fileURLToPath(new URL("corpus/", import.meta.url));

export function readCorpus(target: string): Buffer[] {
  try {
    return readdirSync(join(CORPUS, target)).map((file) => readFileSync(join(CORPUS, target, file)));
  } catch {
    return [];
  }
}

/** Gives where it lies. The same bytes are kept once. */
export function keepFind(target: string, bytes: Buffer): string {
  const path = join(CORPUS, target, createHash("sha256").update(bytes).digest("hex").slice(0, 16));
  mkdirSync(join(CORPUS, target), { recursive: true });
  writeFileSync(path, bytes);
  return path;
}
