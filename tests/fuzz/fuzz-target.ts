/** One parser of bytes that anybody may have written. */
export interface FuzzTarget {
  readonly name: string;
  /** What it is given in good days; mistakes grow from these. */
  readonly seeds: readonly Buffer[];
  /**
   * May refuse with an InstarError; anything else that is thrown is a find, and so is a promise that never settles.
   *
   * @param scratch a folder of this target alone, for parsers that read files; what lies in it is from the input before
   */
  readonly parse: (bytes: Buffer, scratch: string) => unknown;
  /** How many inputs a test run tries: fewer where one costs milliseconds. */
  readonly tasteInputs?: number;
}

/** A parser gave a value that it must never give. */
export class BrokenPromise extends Error {
  override readonly name = "BrokenPromise";
}

/** @param words what always holds */
export function assertHolds(holds: boolean, words: string): asserts holds {
  if (!holds) throw new BrokenPromise(words);
}

/** For what is said to throw nothing at all: also a refusal is then a find. */
export async function throwsNothing<Value>(words: string, run: () => Value | Promise<Value>): Promise<Value> {
  try {
    return await run();
  } catch (cause) {
    throw new BrokenPromise(`${words} threw ${cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause)}`, { cause });
  }
}

export const textOf = (bytes: Buffer): string => bytes.toString("utf8");
export const seedOf = (value: string | object): Buffer => Buffer.from(typeof value === "string" ? value : JSON.stringify(value));

/** Undefined where it is no JSON. */
export function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(textOf(bytes));
  } catch {
    return undefined;
  }
}

/** A relative path, with `/`, that names something below the folder that it is written into, on any system. */
export function assertInside(path: string): void {
  const isInside = path !== "" && !/^[/\\]|^[a-z]:|\\|\0/i.test(path) && path.split("/").every((part) => part !== "" && part !== "." && part !== "..");
  assertHolds(isInside, `a path stays inside: ${JSON.stringify(path)}`);
}
