import { CHANGEABLE } from "./judge-proposal.js";

const TESTS = /^test\/convert\.test\.js$/;

/**
 * What a model is shown: the files that it may change, and the test that judges them.
 *
 * @throws where a file that a model may change is not there
 * @returns {Promise<Map<string, { text: string, digest: string }>>} by path, in the order of the paths
 */
export async function readOwnCode(instar) {
  const { entries } = await instar.call("code_list", { recursive: true });
  const paths = entries.filter(({ path, kind }) => kind === "file" && (CHANGEABLE.includes(path) || TESTS.test(path))).map(({ path }) => path);
  const files = new Map();
  for (const path of paths.sort()) {
    const { text, digest } = await instar.call("code_read", { path });
    if (text !== null && digest !== null) files.set(path, { text, digest });
  }
  const missing = CHANGEABLE.find((path) => !files.has(path));
  if (missing !== undefined) throw new Error(`${missing} is not in code-repo`);
  return files;
}
