import { expect, it } from "vitest";
import { checkPasskeys, type PasskeyFacts } from "./check-passkeys.ts";

const check = (facts: Partial<PasskeyFacts>) =>
  checkPasskeys({ file: "/policy/passkeys", problems: [], wantedBy: [], people: [], isAgentOpen: false, ...facts }).map(
    ({ what, verdict }) => `${verdict} ${what}`,
  );

it.each<[string, Partial<PasskeyFacts>, string[]]>([
  ["nothing where none is wanted", { isAgentOpen: true }, []],
  ["a line that cannot be read, also where none is wanted", { problems: [{ line: 2, message: "no" }] }, ["fail /policy/passkeys:2"]],
  ["a file that cannot be read", { problems: [{ line: 0, message: "no" }] }, ["fail /policy/passkeys"]],
  ["that one is wanted and nobody has one", { wantedBy: ["signed"] }, ["fail /policy/passkeys"]],
  ["whose count", { wantedBy: ["signed"], people: ["ada"] }, ["pass /policy/passkeys"]],
  [
    "what they do not hold against",
    { wantedBy: ["signed"], people: ["ada"], isAgentOpen: true },
    ["pass /policy/passkeys", "inconclusive what they hold against"],
  ],
])("the doctor says %s", (_, facts, said) => expect(check(facts)).toEqual(said));
