import type { ChangedLine } from "./changed-file.ts";

export interface NumberChange {
  readonly key: string;
  readonly was: number;
  /** undefined where it is gone. */
  readonly is: number | undefined;
  readonly line: number;
}

const PAIR = /["']?\b([\w-]{1,60})["']? ?[:=] ?["']?(\d{1,15}(?:\.\d{1,15})?)(ms|s|m|h|d)?\b/g;
const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Numbers under names (`branches: 90`, `time = 1h`) that a change lowered, raised or took away, in whatever format the file is. */
export function compareNumbers(removed: readonly ChangedLine[], added: readonly ChangedLine[], key: RegExp): NumberChange[] {
  const now = new Map<string, number[]>();
  for (const [name, value] of added.flatMap(readPairs)) now.set(name, [...(now.get(name) ?? []).slice(0, 50), value]);
  return removed.flatMap((line) =>
    readPairs(line).flatMap(([name, was]) => {
      if (!key.test(name)) return [];
      const is = now.get(name)?.shift();
      return is === was ? [] : [{ key: name, was, is, line: line.line }];
    }),
  );
}

function readPairs({ values }: ChangedLine): (readonly [string, number])[] {
  return [...values.matchAll(PAIR)].map(
    ([, name = "", digits = "", unit]) => [name, Number(digits) * (unit === undefined ? 1 : (UNITS_MS[unit] ?? 1))] as const,
  );
}
