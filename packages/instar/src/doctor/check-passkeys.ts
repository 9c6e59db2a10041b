import { type Check, failed, passed } from "./check-data.ts";

export interface PasskeyFacts {
  readonly file: string;
  readonly problems: readonly { readonly line: number; readonly message: string }[];
  /** What asks for passkeys, by name. */
  readonly wantedBy: readonly string[];
  /** Whose passkeys count. */
  readonly people: readonly string[];
  /** The agent runs as Instar's own user, unconfined. */
  readonly isAgentOpen: boolean;
}

/** Whether what wants passkeys can be satisfied, and what they hold against here. */
export function checkPasskeys({ file, problems, wantedBy, people, isAgentOpen }: PasskeyFacts): Check[] {
  const mistakes = problems.map(({ line, message }) =>
    failed("passkeys", `${file}${line === 0 ? "" : `:${line}`}`, message, "The passkey of that line does not count; a mended line counts at once."),
  );
  if (wantedBy.length === 0) return mistakes;
  const by = wantedBy.join(", ");
  const whose =
    people.length === 0
      ? failed(
          "passkeys",
          file,
          `${by} wants a passkey, and nobody has one that counts: nothing can be approved there`,
          "Make one in the console, and put its line there.",
        )
      : passed("passkeys", file, `${by} wants a passkey; those of ${people.join(", ")} count`);
  return [...mistakes, whose, ...(isAgentOpen ? [OPEN] : [])];
}

const OPEN: Check = {
  area: "passkeys",
  what: "what they hold against",
  verdict: "inconclusive",
  because: "the agent runs as the same user as Instar: it can forge no signature, and it could write the policies, the file of passkeys or the database",
  advice:
    "`agent: { sandbox: { level: sandboxed } }` keeps it from that. Until then verify the ledger with a list of passkeys from elsewhere (docs/passkeys.md).",
};
