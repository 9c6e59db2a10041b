// dependency-cruiser over the folder it stands in. argv: a folder for its cache or "-", where its edges go or nothing.
import { writeFileSync } from "node:fs";
import { cruise } from "dependency-cruiser";
import { sayResult } from "./say-result.mjs";

const [cache, edgesPath] = process.argv.slice(2);
const { output } = await cruise(["."], {
  // Imports of types are imports: what a change touches is asked. It is faster, too, than the default, which compiles first.
  tsPreCompilationDeps: true,
  moduleSystems: ["cjs", "es6"],
  ...(cache === "-" ? {} : { cache: { folder: cache, strategy: "metadata" } }),
});
if (edgesPath !== undefined) {
  const isFile = ({ couldNotResolve, coreModule }) => !couldNotResolve && !coreModule;
  const edges = output.modules.flatMap(({ source, dependencies }) => dependencies.filter(isFile).map(({ resolved }) => [source, resolved]));
  writeFileSync(edgesPath, JSON.stringify(edges));
}
sayResult({ modules: output.modules.length });
