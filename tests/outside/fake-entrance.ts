import { type Implementations, InstarError } from "@instar/protocol";
import type { Entrance } from "../../packages/instar/src/operations/open-entrance.ts";
import { TOKEN } from "./ask-face.ts";

/** Lets in who shows the tests' token, and lets them do everything: for looking at a face alone. */
export const createFakeEntrance = (implementations: Implementations): Pick<Entrance, "admit" | "assertMay" | "implement"> => ({
  admit: async (shown) => {
    if (shown !== TOKEN) throw new InstarError("UNAUTHORIZED", "the token is missing or wrong");
    return { name: "tester", role: "admin", token: null, scope: null };
  },
  assertMay: async () => undefined,
  implement: () => implementations,
});
