import { InstarError } from "@instar/protocol";

/** The answer to what does not verify; an answer, since anybody may hand in anything. */
export interface Refused {
  readonly kind: "refused";
  /** One sentence, for a person. */
  readonly because: string;
}

export const refused = (because: string): Refused => ({ kind: "refused", because });

/** A parser's complaint as an answer. What is none of ours is thrown on. */
export function refusedBy(error: unknown): Refused {
  if (!InstarError.is(error, "INPUT_INVALID")) throw error;
  return refused(error.message);
}
