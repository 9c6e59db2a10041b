import { posix } from "node:path";

/**
 * The files of the tree that a command may run or read: each of its words as a path from the agent's folder, as Node and Python resolve
 * them. A few too many rather than one too few.
 */
export function listCommandPaths(command: readonly string[] | string, agentDirectory: string): ReadonlySet<string> {
  const words = (typeof command === "string" ? [command] : command).flatMap((word) => [word, ...word.split(/[\s'"`=;&|()<>]+/)]);
  const paths = new Set<string>();
  for (const [at, word] of words.entries()) {
    const bare = word.replace(/^\{release\}\//, "/");
    if (bare === "" || bare.startsWith("-") || bare.length > 4_096) continue;
    const isFromRoot = bare !== word;
    const base = posix.normalize(isFromRoot ? bare.slice(1) : posix.join(agentDirectory, bare));
    if (base.startsWith("..") || (bare.startsWith("/") && !isFromRoot)) continue;
    for (const end of ["", ".js", ".mjs", ".cjs", ".ts", ".json", "/index.js", "/index.ts", "/package.json", "/__main__.py", ".py", ".sh"])
      paths.add(`${base}${end}`);
    // `python -m agent.main`
    if (words[at - 1] === "-m")
      for (const end of [".py", "/__main__.py", "/__init__.py"]) paths.add(`${posix.normalize(posix.join(agentDirectory, bare.replaceAll(".", "/")))}${end}`);
  }
  return paths;
}
