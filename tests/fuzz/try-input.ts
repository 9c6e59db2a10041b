import { InstarError } from "@instar/protocol";
import type { FuzzTarget } from "./fuzz-target.ts";

/** Why this is a find, in a sentence; undefined where the parser refused or gave a value. A promise only of targets that are asynchronous. */
export function tryInput({ parse }: FuzzTarget, bytes: Buffer, scratch: string): string | undefined | Promise<string | undefined> {
  try {
    const given = parse(bytes, scratch);
    return given instanceof Promise ? given.then(() => undefined, explain) : undefined;
  } catch (error) {
    return explain(error);
  }
}

function explain(error: unknown): string | undefined {
  if (InstarError.is(error)) return undefined;
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
