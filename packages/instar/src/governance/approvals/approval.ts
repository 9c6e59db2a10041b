import { z } from "zod";
import { signedWord } from "../passkeys/judge-assertion.ts";

/** One person's word that an update may be exchanged: written into the update's own journal, so that it can serve no other. */
export const approval = z.strictObject({
  by: z.string(),
  /** Id of the token that was shown; null at the instance's own door. */
  token: z.string().nullable(),
  role: z.string(),
  /** Digest of the release that was approved. */
  digest: z.string(),
  /** Digest of the policies and settings under which it was. */
  policy: z.string(),
  because: z.string(),
  /** It counts until both clocks have come there; whichever is first ends it. */
  untilTickMs: z.number(),
  untilAt: z.string(),
  /** What the person's passkey signed; absent where the token alone stands for it. */
  passkey: signedWord.exactOptional(),
});
export type Approval = z.output<typeof approval>;
