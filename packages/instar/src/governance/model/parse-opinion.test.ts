import { describe, expect, it } from "vitest";
import { parseOpinion } from "./parse-opinion.ts";

const GOOD = {
  decision: "approve",
  confidence: 0.9,
  reasoning: 'a "patch": of the parser',
  riskAssessment: { technical: "low", security: "minimal", performance: "low", operational: "low" },
  recommendations: ['watch "errors": the first hour'],
};
const text = (parts: object = {}) => JSON.stringify({ ...GOOD, ...parts });
const without = (name: string) => JSON.stringify(Object.fromEntries(Object.entries(GOOD).filter(([field]) => field !== name)));

describe("an answer", () => {
  for (const [name, answer] of [
    ["as it was asked for", text()],
    ["with blanks around it", `\n ${JSON.stringify(GOOD, null, 2)}\r\n\t`],
    ["that is quite sure", text({ confidence: 1 })],
    ["of the longest reasoning", text({ reasoning: "x".repeat(8_000) })],
  ] as const)
    it(`${name} is an opinion`, () => expect(parseOpinion(answer).kind).toBe("opinion"));

  for (const [name, answer, because] of [
    ["of prose", "I approve this update.", "is not JSON"],
    ["of nothing", "", "is empty"],
    ["with text before it", `Here it is: ${text()}`, "is not JSON"],
    ["with text after it", `${text()} I am sure.`, "is not JSON"],
    ["in a fence of Markdown", `\`\`\`json\n${text()}\n\`\`\``, "is not JSON"],
    ["twice", `${text()}\n${text()}`, "is not JSON"],
    ["that ends in the middle", text().slice(0, -20), "is not JSON"],
    ["behind a byte-order mark", `\ufeff${text()}`, "is not JSON"],
    ["in a list", `[${text()}]`, "expected object"],
    ["that is a text", JSON.stringify(text()), "expected object"],
    ["that is null", "null", "expected object"],
    ["with a field more", text({ note: "x" }), 'Unrecognized key: "note"'],
    ["with a risk more", text({ riskAssessment: { ...GOOD.riskAssessment, legal: "low" } }), "at riskAssessment"],
    ...Object.keys(GOOD).map((field) => [`without ${field}`, without(field), `at ${field}`] as const),
    ["with a confidence above 1", text({ confidence: 1.7 }), "at confidence"],
    ["with a confidence below 0", text({ confidence: -0.1 }), "at confidence"],
    ["with a confidence in words", text({ confidence: "0.9" }), "at confidence"],
    ["with a confidence that is no number", text().replace("0.9", "NaN"), "is not JSON"],
    ["with a confidence beyond all numbers", text().replace("0.9", "1e999"), "at confidence"],
    ["with another decision", text({ decision: "APPROVE" }), "at decision"],
    ["with a risk of another scale", text({ riskAssessment: { ...GOOD.riskAssessment, security: 0.2 } }), "at riskAssessment.security"],
    ["of no reasoning", text({ reasoning: "" }), "at reasoning"],
    ["of too long a reasoning", text({ reasoning: "x".repeat(8_001) }), "at reasoning"],
    ["with too many recommendations", text({ recommendations: Array.from({ length: 21 }, () => "x") }), "at recommendations"],
    ["with too long a recommendation", text({ recommendations: ["x".repeat(501)] }), "at recommendations.0"],
    ["that decides twice", text().replace("{", '{"decision":"reject",'), "says something twice"],
    ["that decides twice by an escape", text().replace("{", '{"d\\u0065cision":"reject",'), "says something twice"],
    ["with a prototype", text().replace("{", '{"__proto__":{"decision":"approve"},'), "the answer "],
    ["of brackets", "[".repeat(100_000), "nested deeper"],
  ] as const)
    it(`${name} is none`, () => expect(parseOpinion(answer)).toEqual({ kind: "malformed", because: expect.stringContaining(because) }));
});
