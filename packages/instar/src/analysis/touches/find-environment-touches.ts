import type { ChangedFile, ChangedLine } from "./changed-file.ts";
import { isDocumentPath } from "./is-document-path.ts";
import { quote } from "./quote.ts";
import type { Placed, Source } from "./source/source.ts";
import { byContent, type Finding, nameTouch } from "./touch-finder.ts";

const PATHS = /(^|\/)(\.env([._-][\w.-]+)?|[\w.-]+\.env|env\.(example|sample|template)|\.envrc|environment\.d\/.*|\.?direnvrc)$/i;

/** What the agent takes from its environment: names that are read now and were not, and names that nobody reads any more. */
export function findEnvironmentTouches(file: ChangedFile): readonly Finding[] {
  if (file.paths.every(isDocumentPath)) return [];
  const named = file.paths.some((path) => PATHS.test(path)) ? [nameTouch(file, "the environment's own file")] : [];
  if (!file.isRead) return named;
  const [old, fresh] = [readNames(file.before, file.removed), readNames(file.after, file.added)];
  return [...named, ...distinct(without(fresh, old)).map((read) => say(read, false)), ...distinct(without(old, fresh)).map((read) => say(read, true))];
}

function say({ text, line }: Placed, isGone: boolean): Finding {
  const what = text === "*" ? "the whole environment, or a name that is worked out" : quote(text);
  return byContent(line, isGone ? `it no longer reads ${what}` : `it reads ${what} from the environment`);
}

const without = (names: readonly Placed[], others: readonly Placed[]) => {
  const known = new Set(others.map(({ text }) => text));
  return names.filter(({ text }) => !known.has(text));
};
const distinct = (names: readonly Placed[]): Placed[] => [...new Map([...names].reverse().map((name) => [name.text, name])).values()].reverse();

const IN_LINES =
  /\b(?:process\.env|import\.meta\.env|os\.environ)(?:\.|\[ ?["'])([A-Za-z_]\w{0,100})|\b(?:os\.getenv|os\.environ\.get|Deno\.env\.get|os\.Getenv|os\.LookupEnv|System\.getenv|std::env::var|env::var|getenv|ENV\.fetch)\( ?["'](\w{1,100})["']|\bENV\[ ?["'](\w{1,100})["']/g;

/** Where a file is known by its lines alone, those that changed. */
function readNames(source: Source, changed: readonly ChangedLine[]): readonly Placed[] {
  if (source.language !== "other" && source.unparsed === null) return source.environment;
  return changed.flatMap(({ code, line }) => [...code.matchAll(IN_LINES)].map(([, one, two, three]) => ({ text: one ?? two ?? three ?? "*", line })));
}
