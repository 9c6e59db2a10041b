/** What of a start command can be looked for in a commit: `options` are the paths any of which would do. */
export type StartScript =
  | { readonly kind: "path"; readonly options: readonly string[] }
  | { readonly kind: "npm-script"; readonly name: string }
  /** A program from elsewhere, or a shell line too clever to read. */
  | { readonly kind: "elsewhere" };

/**
 * The file or npm script that a start command begins with: `node x.js`, `python -u x.py`, `./run.sh`, `npm start`. Paths are
 * relative to the folder the command runs in; `{release}/x` stays written so. Pure.
 */
export function findStartScript(command: string | readonly string[]): StartScript {
  const argv = typeof command === "string" ? splitPlainLine(command) : command;
  const [program, ...rest] = argv ?? [];
  if (program === undefined) return { kind: "elsewhere" };
  const name = program.replace(/^.*[/\\]/, "").replace(/\.exe$/i, "");
  const interpreter = INTERPRETERS.find(({ names }) => names.test(name));
  if (interpreter !== undefined) return scriptOf(interpreter, rest);
  if (/^(npm|pnpm|yarn|bun)$/.test(name)) return npmScriptOf(rest);
  const local = program.includes("/") && !program.startsWith("/") && !program.startsWith("~");
  return local ? { kind: "path", options: [program] } : { kind: "elsewhere" };
}

interface Interpreter {
  readonly names: RegExp;
  /** Options whose value is the next argument. */
  readonly withValue: RegExp;
  /** Options after which no script follows. */
  readonly withoutScript: RegExp;
  readonly optionsFor: (script: string) => readonly string[];
}

const INTERPRETERS: readonly Interpreter[] = [
  {
    names: /^(node|nodejs|tsx|ts-node)$/,
    withValue: /^(-r|--require|--import|--loader|--experimental-loader|-C|--conditions|--env-file)$/,
    withoutScript: /^(-e|--eval|-p|--print|-pe|-c|--check|-v|--version|--test|--run|-)$/,
    // As Node resolves a main script.
    optionsFor: (script) => [script, `${script}.js`, `${script}.json`, `${script}/index.js`, `${script}/package.json`],
  },
  {
    names: /^(python|python3|python3\.\d+|pypy3?)$/,
    withValue: /^(-W|-X|--check-hash-based-pycs)$/,
    withoutScript: /^(-c|-m|-V|--version|-)$|^-[bBdEhiIOPqRsSuvx]*[cm]/,
    optionsFor: (script) => [script, `${script}/__main__.py`],
  },
  { names: /^(sh|bash|dash)$/, withValue: /^(-o|-O)$/, withoutScript: /^-[a-z]*c$|^-s$/, optionsFor: (script) => [script] },
  { names: /^ruby$/, withValue: /^(-I|-r|-C)$/, withoutScript: /^-e/, optionsFor: (script) => [script] },
];

function scriptOf(interpreter: Interpreter, args: readonly string[]): StartScript {
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] ?? "";
    if (arg === "--") return pathOf(args[index + 1], interpreter);
    if (interpreter.withoutScript.test(arg)) return { kind: "elsewhere" };
    if (interpreter.withValue.test(arg)) index++;
    else if (!arg.startsWith("-")) return pathOf(arg, interpreter);
  }
  return { kind: "elsewhere" };
}

function pathOf(script: string | undefined, interpreter: Interpreter): StartScript {
  if (script === undefined || script.startsWith("/") || script.startsWith("~")) return { kind: "elsewhere" };
  return { kind: "path", options: interpreter.optionsFor(script) };
}

function npmScriptOf(args: readonly string[]): StartScript {
  const [verb, name] = args;
  if (verb === "start") return { kind: "npm-script", name: "start" };
  if ((verb === "run" || verb === "run-script") && name !== undefined && !/^-|[/]|\.[a-z]+$/.test(name)) return { kind: "npm-script", name };
  return { kind: "elsewhere" };
}

/** The words of a shell line that holds nothing but words; undefined for anything the shell would do more with. */
function splitPlainLine(line: string): readonly string[] | undefined {
  const plain = /^[\w\s./:=@%+,{}-]*$/.test(line.trim());
  const words = line.trim().split(/\s+/);
  return plain && !/^\w+=/.test(line.trim()) && words[0] !== "exec" && words[0] !== "cd" ? words : undefined;
}
