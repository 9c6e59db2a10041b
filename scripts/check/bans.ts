import type { Problem } from "./problem.ts";
import { isTestFile, lineOf, type SourceFile } from "./scan-source.ts";

interface Ban {
  readonly name: string;
  readonly pattern: RegExp;
  readonly why: string;
  /** Where it is allowed: a path, or a folder that ends in a slash, each with its reason. */
  readonly except: Readonly<Record<string, string>>;
  /** True where it is looked for in comments too. */
  readonly inComments?: boolean;
}

const platform = {
  "packages/instar/src/platform/": "the adapters themselves",
  "packages/console/src/platform/": "the page's own",
  "bench/bench-clock.ts": "the benchmarks' own clock",
};
const bench = { "bench/": "benchmarks load real processes: they wait, write throw-away files and hand the machine's environment on" };

const BANS: readonly Ban[] = [
  {
    name: "Date.now",
    pattern: /\bDate\.now\b/g,
    why: "Time comes from the Clock port, so that a test can move it and a jump of the wall clock promotes nothing.",
    except: platform,
  },
  {
    name: "new Date()",
    pattern: /\bnew Date\(\s*\)/g,
    why: "Time comes from the Clock port, so that a test can move it and a jump of the wall clock promotes nothing.",
    except: platform,
  },
  {
    name: "Math.random",
    pattern: /\bMath\.random\b/g,
    why: "Chance comes from node:crypto where it guards something, and from nowhere else.",
    except: platform,
  },
  {
    name: "setTimeout",
    pattern: /(?<![\w.$])set(?:Timeout|Interval)\s*\(/g,
    why: "Waiting goes through the Clock port: a wait that a test cannot end is a test that sleeps.",
    except: { ...platform, ...bench },
  },
  {
    name: "process.env",
    pattern: /\bprocess\.env\b/g,
    why: "Only compose.ts reads the environment, once: what a process depends on is told to it.",
    except: {
      ...platform,
      ...bench,
      "packages/instar/src/compose.ts": "the one place that reads it",
      "packages/console/vite.config.ts": "settings of the build",
    },
  },
  { name: "as any", pattern: /\bas\s+any\b/g, why: "Types carry the rules: parse at the border, trust inside.", except: {} },
  {
    name: "@ts-ignore",
    pattern: /@ts-(?:ignore|nocheck|expect-error)/g,
    why: "Types carry the rules: what the compiler refuses is mended, not hushed.",
    except: {},
    inComments: true,
  },
];

/** What only one adapter may touch, in what runs in service and in the benchmarks: tests, scripts, examples and bin are not looked at. */
export function checkBans(files: readonly SourceFile[]): Problem[] {
  const real = files.filter((file) => /^(packages|bench)\//.test(file.path) && !isTestFile(file.path));
  return real.flatMap((file) => [...BANS.flatMap((ban) => findBanned(file, ban)), ...findPlainWrites(file)]);
}

function findBanned(file: SourceFile, ban: Ban): Problem[] {
  if (isExcepted(file.path, ban.except)) return [];
  const text = ban.inComments ? file.text : file.code;
  return [...text.matchAll(ban.pattern)].map((match) => ({
    path: file.path,
    line: lineOf(text, match.index),
    rule: `${ban.name} is banned here`,
    why: ban.why,
  }));
}

const PLAIN_WRITES = ["writeFile", "writeFileSync", "appendFile", "appendFileSync", "*", "default"];

/** A handle's own `writeFile` is fine: whoever opened the handle says when it is synced. */
function findPlainWrites(file: SourceFile): Problem[] {
  if (isExcepted(file.path, { ...platform, ...bench, "packages/instar/src/demo/": "throw-away files of the demo's own upstream" })) return [];
  return file.imports
    .filter(
      ({ specifier, names, isTypeOnly }) => /^(node:)?fs(\/promises)?$/.test(specifier) && !isTypeOnly && names.some((name) => PLAIN_WRITES.includes(name)),
    )
    .map(({ line }) => ({
      path: file.path,
      line,
      rule: "fs.writeFile is banned here",
      why: "A plain write may be half there after a crash: writeFileDurably is whole or not at all.",
    }));
}

const isExcepted = (path: string, except: Ban["except"]) =>
  Object.keys(except).some((place) => (place.endsWith("/") ? path.startsWith(place) : path === place));
