import { describe, expect, it } from "vitest";
import { joinDraft, listOwn, planPolicyEdit } from "./plan-policy-edit.ts";

const own = [
  { file: "a.cedar", text: "// a" },
  { file: "b.cedar", text: "// b" },
];

describe("a draft of one policy file", () => {
  it("is tried with the other files as they are, and in the place of its own", () => {
    expect(listOwn([{ file: "instar:always.cedar", text: "x" }, ...own])).toEqual(own);
    expect(joinDraft(own, { file: "a.cedar", text: "// new" })).toBe("// b\n// new");
    expect(joinDraft(own, { file: "c.cedar", text: "// c" })).toBe("// a\n// b\n// c");
    expect(joinDraft([], { file: "c.cedar", text: "// c" })).toBe("// c");
  });

  it("becomes an edit of that file, which says what it expects there", () => {
    const plan = (expectation: { expect?: string | null }) =>
      JSON.parse(planPolicyEdit("policy/", { file: "own.cedar", text: "t" }, { because: "b", ...expectation }));
    expect(plan({})).toEqual({ because: "b", edits: [{ write: "policy/own.cedar", content: "t" }] });
    expect(plan({ expect: null }).edits[0].expect).toBe("absent");
    expect(plan({ expect: "sha256:aa" }).edits[0].expect).toBe("sha256:aa");
  });

  it.each(["own", "own.txt", "../own.cedar", "a/b.cedar", ".own.cedar", "passkeys", "", "a\u202e.cedar", `${"x".repeat(120)}.cedar`])(
    "is not written as %j",
    (file) => expect(() => planPolicyEdit("policy", { file, text: "t" }, { because: "b" })).toThrow(expect.objectContaining({ code: "INPUT_INVALID" })),
  );
});
