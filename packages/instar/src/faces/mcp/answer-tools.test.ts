import { InstarError } from "@instar/protocol";
import { describe, expect, it } from "vitest";
import { answerTools, type ToolParts } from "./answer-tools.ts";
import { createHide } from "./hide-from-agents.ts";
import { TOOLS } from "./plan-tools.ts";

const SECRET = "in /var/lib/instar/claw, password=hunter22";
const signal = new AbortController().signal;
const desk = (parts: Partial<ToolParts>) =>
  answerTools({
    entrance: { assertMay: async () => undefined, implement: () => ({}) as never },
    caller: { name: "claw", role: "agent", token: null, scope: null },
    run: async () => ({ text: SECRET }),
    hide: createHide("/var/lib/instar/claw"),
    ...parts,
  });

describe("what is taken out of an answer", () => {
  it("is nothing of the agent's own files, which it writes back as it read them", async () => {
    const verbatim = [...TOOLS.values()].filter(({ operation }) => operation.mcp?.isVerbatim === true).map(({ tool }) => tool.name);
    expect(verbatim).toEqual(["code_status", "code_list", "code_read", "code_search", "code_diff"]);
    for (const name of ["code_status", "code_diff"])
      expect(await desk({}).call(name, {}, signal), name).toMatchObject({
        structuredContent: { text: SECRET },
        content: [{ text: JSON.stringify({ text: SECRET }) }],
      });
  });
  it("is the data folder and what looks like a secret of every other", async () =>
    expect(await desk({}).call("history", {}, signal)).toMatchObject({ structuredContent: { text: "in <data>, password=[redacted: password]" } }));
});

describe("a list that cannot be given", () => {
  it("is an error that says why, and names no data folder", async () => {
    const implement = () => ({
      whoami: async () => {
        throw new InstarError("DATA_DAMAGED", "/var/lib/instar/claw/instar.db is not whole");
      },
    });
    await expect(desk({ entrance: { assertMay: async () => undefined, implement: implement as never } }).list(signal)).rejects.toMatchObject({
      code: -32_603,
      data: { code: "DATA_DAMAGED", detail: "<data>/instar.db is not whole" },
    });
  });
});
