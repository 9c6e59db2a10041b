import { InstarError } from "@instar/protocol";
import { describe, expect, it } from "vitest";
import { parseEditPlan } from "./parse-edit-plan.ts";

it("a plan says what it is for, what to edit, and whether the agent is started again", () => {
  const plan = parseEditPlan(`
because: raise the log level
edits:
  - write: config//agent.json
    content: "{}"
    mode: "0640"
  - delete: config/old.json
  - directory: config/plugins/
  - set: config/agent.yaml
    values: { /log/level: debug }
    remove: [ /old/key ]
  - restart: true
`);
  expect(plan).toEqual({
    because: "raise the log level",
    restart: true,
    edits: [
      { kind: "file-write", path: "config/agent.json", content: { text: "{}" }, mode: 0o640, parse: true },
      { kind: "file-delete", path: "config/old.json" },
      { kind: "directory-create", path: "config/plugins" },
      { kind: "configuration-update", path: "config/agent.yaml", values: { "/log/level": "debug" }, remove: ["/old/key"] },
    ],
  });
});

describe("a plan with a mistake is refused as a whole, with the place of each:", () => {
  const one = (edit: string) => `because: x\nedits:\n  - ${edit}\n`;
  it.each([
    ["nothing", "", "the plan is empty"],
    ["a comment", "# nothing\n", "the plan is empty"],
    ["no edits", "because: x\nedits: []\n", "it edits nothing"],
    ["no reason", "edits: [{ restart: true }]\n", "because: one sentence that says why"],
    ["an unknown key", one("{ write: a, content: x, moed: 1 }"), 'edits.0: Unrecognized key: "moed"'],
    ["an unknown edit", one("{ move: a }"), "exactly one of write, delete, directory, set, restart"],
    ["two edits in one", one("{ write: a, content: x, delete: b }"), "exactly one of"],
    ["a write of nothing", one("{ write: a }"), "one of content, base64 and from"],
    ["a write of two things", one("{ write: a, content: x, from: y }"), "one of content, base64 and from"],
    ["a mode that YAML reads as another number", one("{ write: a, content: x, mode: 0640 }"), 'in quotes: "0640"'],
    ["a mode with more than permissions", one('{ write: a, content: x, mode: "4755" }'), "three octal digits"],
    ["the same file twice, by another name", "because: x\nedits: [{ write: a/b, content: x }, { delete: a//b }]\n", "a/b is edited twice"],
    ["a value and its container", one("{ set: a.json, values: { /a: 1, /a/b: 2 } }"), "/a is set or removed twice"],
    ["no value at all", one("{ set: a.json }"), "neither values nor remove"],
    ["a pointer without a slash", one("{ set: a.json, values: { a: 1 } }"), "values.a: a place is a JSON pointer"],
    ["a way up", one("{ delete: a/../../b }"), "does not go up"],
    ["a name with a line end", one('{ delete: "a\\nb" }'), "no control characters"],
    ["a digest that is none", one("{ delete: a, expect: sha256:abc }"), "sha256: with 64 hex digits"],
    ["what is no YAML", "because: [\n", "it is not YAML at line"],
    ["too many", `because: x\nedits: [${Array.from({ length: 101 }, (_, n) => `{ delete: f${n} }`).join(", ")}]`, "at most 100"],
  ])("%s", (_, text, message) => {
    expect(() => parseEditPlan(text)).toThrow(expect.objectContaining({ code: "INPUT_INVALID", message: expect.stringContaining(message) }));
  });

  it("and what the plan holds is not in the words: it may be a secret", () => {
    for (const text of [
      one("{ write: a, content: { s3cret: 1 }, x: s3cret }"),
      "because: x\nedits: s3cret\n",
      "s3cret: [\n",
      one("{ write: a, base64: s3cret! }"),
    ])
      try {
        parseEditPlan(text);
        throw new Error("it was accepted");
      } catch (error) {
        expect(InstarError.is(error, "INPUT_INVALID")).toBe(true);
        expect(JSON.stringify([String(error), (error as InstarError).facts])).not.toContain("s3cret");
      }
  });

  it("and not in a warning of the process either", async () => {
    const warned: string[] = [];
    const listen = ({ message }: Error) => warned.push(message);
    process.on("warning", listen);
    try {
      expect(() => parseEditPlan("? [s3cret]\n: 1\n")).toThrow(expect.objectContaining({ code: "INPUT_INVALID" }));
      await new Promise(setImmediate);
    } finally {
      process.off("warning", listen);
    }
    expect(warned).toEqual([]);
  });
});
