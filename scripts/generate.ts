// `npm run gen`: writes what is made from code and kept in git. Deterministic; says what changed.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { renderGeneratedFiles } from "./generated-files.ts";
import { ROOT, readGenerationInputs, readText } from "./read-project.ts";

/** @returns the files that were not as they should be and are now */
export function writeGeneratedFiles(): string[] {
  const stale = renderGeneratedFiles(readGenerationInputs()).filter(({ path, content }) => readText(path) !== content);
  for (const { path, content } of stale) {
    mkdirSync(dirname(join(ROOT, path)), { recursive: true });
    writeFileSync(join(ROOT, path), content);
  }
  return stale.map(({ path }) => path);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const written = writeGeneratedFiles();
  process.stdout.write(written.length === 0 ? "generated files are current\n" : written.map((path) => `wrote ${path}\n`).join(""));
}
