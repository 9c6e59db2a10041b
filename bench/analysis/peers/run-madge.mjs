// madge over the folder it stands in. argv: where its edges go or nothing.
import { writeFileSync } from "node:fs";
import madge from "madge";
import { sayResult } from "./say-result.mjs";

const [edgesPath] = process.argv.slice(2);
const result = await madge(".", {
  baseDir: ".",
  fileExtensions: ["js", "mjs", "cjs", "jsx", "ts", "mts", "cts", "tsx"],
  detectiveOptions: { es6: { mixedImports: true }, ts: { mixedImports: true }, tsx: { mixedImports: true } },
});
const modules = result.obj();
if (edgesPath !== undefined) writeFileSync(edgesPath, JSON.stringify(Object.entries(modules).flatMap(([from, to]) => to.map((each) => [from, each]))));
sayResult({ modules: Object.keys(modules).length });
