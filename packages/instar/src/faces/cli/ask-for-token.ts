import type { Readable, Writable } from "node:stream";

export interface Terminal {
  readonly input: Readable;
  readonly output: Writable;
  /** A person sits at both ends. */
  readonly isInteractive: boolean;
}

/** Asks whoever sits there for a token; what is typed is not shown. Undefined where nobody does, or wants to. */
export async function askForToken({ input, output, isInteractive }: Terminal): Promise<string | undefined> {
  if (!isInteractive) return undefined;
  const { isCancel, password } = await import("@clack/prompts");
  const typed = await password({ message: "This needs a token of a person who may (it is not shown)", mask: "", input, output });
  return isCancel(typed) ? undefined : (typed ?? "").trim() || undefined;
}
