export interface ScriptCall {
  /** The script's own line. */
  readonly line: string;
  readonly args: readonly string[];
  /** What must stand before further arguments, so that they reach the script. */
  readonly before: readonly string[];
}

/** Options of npm that change where package.json is looked for. What they name is not followed. */
const ELSEWHERE = /^(--prefix|--workspaces?|-w|-ws|-C|--dir|--cwd|--filter|-F|-r|--recursive|workspace|workspaces)(=|$)/;

/** The script that `npm test`, `npm run x`, `yarn x` or `pnpm x` runs; undefined for anything else. */
export function readScriptCall(words: readonly string[], scripts: Readonly<Record<string, string>>): ScriptCall | undefined {
  const [manager = "", ...rest] = words;
  if (!["npm", "yarn", "pnpm", "bun"].includes(manager)) return undefined;
  const dashes = rest.indexOf("--");
  const own = dashes === -1 ? rest : rest.slice(0, dashes);
  if (own.some((word) => ELSEWHERE.test(word))) return undefined;
  const [verb, ...named] = own.filter((word) => !word.startsWith("-"));
  const isRun = verb === "run" || verb === "run-script" || verb === "rum";
  const isTest = verb === "test" || verb === "t" || verb === "tst";
  // npm takes no script as a verb; bun's `test` is a runner of its own.
  const name = isRun ? named[0] : isTest && manager !== "bun" ? "test" : manager === "yarn" || manager === "pnpm" ? verb : undefined;
  const line = name !== undefined && Object.hasOwn(scripts, name) ? scripts[name] : undefined;
  if (line === undefined || name === undefined) return undefined;
  const after = rest.slice(rest.indexOf(isRun ? name : (verb ?? "")) + 1);
  if (manager !== "npm") return { line, args: after.filter((word) => word !== "--"), before: [] };
  const args = dashes === -1 ? after.filter((word) => !word.startsWith("-")) : rest.slice(dashes + 1);
  return { line, args, before: dashes === -1 ? ["--"] : [] };
}
