import { execFile } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { ROOT, readPackages } from "./read-project.ts";

const run = promisify(execFile);

/** Lays out @instar/sdk as people install it: one module of plain JavaScript for any Node >= 20, with its types. */
export async function stageSdk(stage: string): Promise<void> {
  const found = readPackages().find(({ name }) => name === "@instar/sdk");
  if (found === undefined) throw new Error("the workspace has no package called @instar/sdk");
  const { folder, private: _, exports: __, ...manifest } = found as typeof found & { private?: boolean; exports?: unknown };
  const entry = join(ROOT, folder, "src", "index.ts");
  const out = join(stage, "dist");
  await rm(stage, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  await build({ entryPoints: [entry], outfile: join(out, "index.js"), bundle: true, format: "esm", platform: "node", target: "node20", logLevel: "warning" });
  const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
  const options = ["--ignoreConfig", "--declaration", "--emitDeclarationOnly", "--target", "es2023", "--module", "nodenext", "--strict"];
  await run(process.execPath, [tsc, entry, ...options, "--allowImportingTsExtensions", "--types", "node", "--skipLibCheck", "--outDir", out], { cwd: ROOT });
  const published = { ...manifest, files: ["dist"], exports: { ".": { types: "./dist/index.d.ts", default: "./dist/index.js" } } };
  await writeFile(join(stage, "package.json"), `${JSON.stringify(published, null, 2)}\n`);
}
