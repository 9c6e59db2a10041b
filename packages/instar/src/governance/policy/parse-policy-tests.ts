import { ORIGINS, ROLES } from "@instar/protocol";
import { parseDocument } from "yaml";
import { z } from "zod";
import { updateFacts } from "./update-facts.ts";

const expectations = ["proceed", "approval", "later", "refused"] as const;
const context = z.strictObject({
  settings: z
    .strictObject({ automaticRank: z.int(), approvalFor: z.array(z.string()), riskLimit: z.int(), quorum: z.int(), accepts: z.array(z.enum(ORIGINS)) })
    .partial()
    .default({}),
  calendar: z.strictObject({ frozen: z.boolean(), outsideWindows: z.boolean() }).partial().default({}),
});

const ofUpdate = z.strictObject({
  name: z.string().min(1),
  update: updateFacts.partial().describe("What differs from a patch of low impact that was found and passed everything"),
  context: context.prefault({}),
  expect: z.enum(expectations),
  quorum: z.int().optional(),
  passkey: z.boolean().optional().describe("Whether only what a passkey signed counts"),
  by: z.array(z.string()).optional().describe("@ids of the policies that decide, all of them"),
});
const ofRole = z.strictObject({
  name: z.string().min(1),
  role: z.enum(ROLES),
  operation: z.string().min(1),
  update: updateFacts.partial().default({}).describe("With update.approve and update.reject"),
  isAuthor: z.boolean().default(false),
  isStarter: z.boolean().default(false),
  others: z.int().min(0).default(1),
  expect: z.enum(["allowed", "denied"]),
  by: z.array(z.string()).optional(),
});

export type PolicyTest =
  | { readonly kind: "update"; readonly test: z.output<typeof ofUpdate> }
  | { readonly kind: "role"; readonly test: z.output<typeof ofRole> };
export type ParsedTests = { readonly tests: readonly PolicyTest[]; readonly problems: readonly string[] };

/** Tests of policies, as `*.test.yaml` has them: `tests:` and a list. What cannot be understood is a problem, and a problem is a failure. */
export function parsePolicyTests(text: string): ParsedTests {
  const document = parseDocument(text, { logLevel: "error" });
  const [mistake] = document.errors;
  if (mistake !== undefined) return { tests: [], problems: [mistake.message.split("\n")[0] ?? "not YAML"] };
  const file = z.strictObject({ tests: z.array(z.unknown()).min(1) }).safeParse(readValue(document));
  if (!file.success) return { tests: [], problems: ["it needs `tests:` and a list of at least one"] };
  const parsed = file.data.tests.map(parseTest);
  return {
    tests: parsed.flatMap((each) => (each.kind === "problem" ? [] : [each])),
    problems: parsed.flatMap((each) => (each.kind === "problem" ? [each.because] : [])),
  };
}

/** Undefined where its aliases lead nowhere, or grow into too much. */
function readValue(document: ReturnType<typeof parseDocument>): unknown {
  try {
    return document.toJS({ maxAliasCount: 20 });
  } catch {
    return undefined;
  }
}

function parseTest(raw: unknown, index: number): PolicyTest | { kind: "problem"; because: string } {
  const isRole = typeof raw === "object" && raw !== null && "role" in raw;
  const parsed = isRole ? ofRole.safeParse(raw) : ofUpdate.safeParse(raw);
  if (!parsed.success)
    return {
      kind: "problem",
      because: `test ${index + 1}: ${parsed.error.issues.map(({ path, message }) => `${path.join(".") || "it"}: ${message}`).join("; ")}`,
    };
  return isRole ? { kind: "role", test: parsed.data as z.output<typeof ofRole> } : { kind: "update", test: parsed.data as z.output<typeof ofUpdate> };
}
