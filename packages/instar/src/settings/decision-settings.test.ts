import { describe, expect, it } from "vitest";
import { decisionSettings } from "./decision-settings.ts";

const model = (parts: object) => decisionSettings.safeParse({ model: { provider: "openai-compatible", name: "m", ...parts } }).success;

describe("the decision's settings", () => {
  it("ask no model where nothing is written", () =>
    expect(decisionSettings.parse({})).toEqual({ engine: "rules", approveAbove: 0.85, approvalAboveRisk: "medium", onFailure: "defer" }));

  it("ask a model cautiously where little is written", () =>
    expect(decisionSettings.parse({ model: { provider: "anthropic", name: "claude" } }).model).toEqual({
      provider: "anthropic",
      name: "claude",
      temperature: 0.3,
      maxTokens: 2_000,
      within: 60_000,
    }));

  for (const baseUrl of ["http://127.0.0.1:11434/v1", "https://api.openai.com/v1", "http://[::1]:8080"])
    it(`take ${baseUrl} for an address`, () => expect(model({ baseUrl })).toBe(true));
  for (const baseUrl of [
    "file:///etc/passwd",
    "ollama",
    "https://me:secret@models.example/v1",
    "https://models.example/v1?key=secret",
    "https://models.example/#x",
  ])
    it(`refuse ${baseUrl}`, () => expect(model({ baseUrl })).toBe(false));

  for (const parts of [{ temperature: 2.1 }, { maxTokens: 10 }, { keyVariable: "a b" }, { effort: "max" }, { apiKey: "sk" }])
    it(`refuse a model with ${JSON.stringify(parts)}`, () => expect(model(parts)).toBe(false));
  it("take the specification's number for a level", () => expect(decisionSettings.parse({ approvalAboveRisk: 0.6 }).approvalAboveRisk).toBe("medium"));

  for (const parts of [{ approveAbove: 1.1 }, { approveAbove: -0.1 }, { approvalAboveRisk: 1.6 }, { onFailure: "approve" }, { engine: "none" }])
    it(`refuse ${JSON.stringify(parts)}`, () => expect(decisionSettings.safeParse(parts).success).toBe(false));
});
