import type { Lockfile, Unreadable } from "./lockfile.ts";
import { parseNpmLock } from "./parse-npm-lock.ts";
import { parsePnpmLock } from "./parse-pnpm-lock.ts";
import { parseYarnBerryLock } from "./parse-yarn-berry-lock.ts";
import { parseYarnClassicLock } from "./parse-yarn-classic-lock.ts";

/**
 * What a lockfile of npm (1, 2, 3), pnpm (5, 6, 9) or yarn (1 and later) says; known by its name. Never throws: what cannot be read says why,
 * and whoever asks must not take it for a lockfile without packages.
 */
export function parseLockfile(path: string, text: string): Lockfile | Unreadable {
  const format = FORMATS.find(({ name }) => name.test(path));
  if (format === undefined) return { unreadable: "it is not named like a lockfile of npm, pnpm or yarn" };
  if (text.length > format.limit) return { unreadable: `it is larger than ${format.limit / 1_048_576} MiB` };
  if (/^(?:<{7}|\|{7}|>{7})(?:[ \r]|$)/m.test(text)) return { unreadable: "it holds the marks of a merge that nobody finished" };
  try {
    return format.parse(text);
  } catch (error) {
    return { unreadable: sayWhy(error) };
  }
}

export const isLockfile = (path: string): boolean => FORMATS.some(({ name }) => name.test(path));

const parseYarnLock = (text: string): Lockfile =>
  /^# yarn lockfile v1\r?$/im.test(text.slice(0, 1_000)) ? parseYarnClassicLock(text) : parseYarnBerryLock(text);

/** What can be read in a few seconds and in a gigabyte; YAML takes the most of both. Lockfiles of the largest projects are half as large. */
const FORMATS = [
  { name: /(?:^|\/)(?:package-lock|npm-shrinkwrap)\.json$/, parse: parseNpmLock, limit: 32 * 1_048_576 },
  { name: /(?:^|\/)pnpm-lock\.yaml$/, parse: parsePnpmLock, limit: 4 * 1_048_576 },
  { name: /(?:^|\/)yarn\.lock$/, parse: parseYarnLock, limit: 4 * 1_048_576 },
] as const;

function sayWhy(error: unknown): string {
  if (error instanceof RangeError) return "it is nested too deep";
  return error instanceof Error ? error.message.slice(0, 300) : "it cannot be parsed";
}
