import { fileURLToPath } from "node:url";
import { installFrom } from "../peers/install-peers.ts";
import type { Place } from "../place.ts";
import { folderOf, type SourceFolder } from "./make-tree.ts";

/** Brings the peers and the sources. @throws Error where one of them cannot be had: without them there is nothing to measure */
export async function installAnalysis(place: Place, from: readonly SourceFolder[], say: (line: string) => void): Promise<void> {
  const peers = fileURLToPath(new URL("peers", import.meta.url));
  const problems = [await installFrom(peers, "dependency-cruiser, madge and their TypeScript into bench/analysis/peers", place, say)];
  // Nothing of the sources runs, so what they would need beside them need not be there.
  for (const name of from)
    problems.push(
      await installFrom(folderOf(name), `packages to be analysed into bench/analysis/${name}`, place, say, ["--legacy-peer-deps", "--omit=optional"]),
    );
  const problem = problems.find((each) => each !== undefined);
  if (problem !== undefined) throw new Error(problem);
}
