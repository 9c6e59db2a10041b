import { describe, expect, it } from "vitest";
import { createHide } from "./hide-from-agents.ts";

const TOKEN = `instar_abcdefgh_${"x".repeat(43)}`;
const hide = createHide("/var/lib/instar/claw");

describe("what agents are answered", () => {
  it("says <data> for the data folder, wherever it stands, also in names", () => {
    expect(hide({ a: [{ path: "/var/lib/instar/claw/logs/agent.log" }], "/var/lib/instar/claw": "in /var/lib/instar/claw, and /var/lib/instar/claw" })).toEqual(
      {
        a: [{ path: "<data>/logs/agent.log" }],
        "<data>": "in <data>, and <data>",
      },
    );
  });
  it("has no token of Instar's, and nothing that looks like a key", () => {
    expect(hide([TOKEN, `it was ${TOKEN}.`, "Authorization: Bearer abcdefghijkl", "password=hunter22", "https://me:secret@example.org"])).toEqual([
      "[redacted: token]",
      "it was [redacted: token].",
      expect.not.stringContaining("abcdefghijkl"),
      expect.not.stringContaining("hunter22"),
      expect.not.stringContaining("secret@"),
    ]);
  });
  it("is otherwise as it was: digests, commits, ids, numbers and nothing", () => {
    const value = {
      digest: `sha256:${"ab".repeat(32)}`,
      commit: "c".repeat(40),
      id: "abcdefgh",
      n: 7,
      no: null,
      yes: true,
      list: [],
      text: "token.create is none",
    };
    expect(hide(value)).toEqual(value);
    expect(createHide(null)("/var/lib/instar/claw")).toBe("/var/lib/instar/claw");
  });
  it("keeps a hostile name a name", () => {
    const hidden = hide(JSON.parse('{"__proto__":{"polluted":true}}') as object);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    expect(Object.keys(hidden)).toEqual(["__proto__"]);
  });
});
