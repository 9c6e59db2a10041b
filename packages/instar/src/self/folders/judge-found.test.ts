import { describe, expect, it } from "vitest";
import { type FoundFile, judgeReadable } from "./judge-found.ts";

const AGENT = 1_000;
const FILE: FoundFile = { kind: "file", names: 1, uid: AGENT, mode: 0o100600 };

describe("what was found", () => {
  const cases: readonly (readonly [string, Partial<FoundFile>, number | undefined, string | undefined])[] = [
    ["a file of the agent is read for it", {}, 0, undefined],
    ["a file of one user for both is read", { uid: AGENT }, AGENT, undefined],
    ["a file that everybody may read is read", { uid: 0, mode: 0o100644 }, 0, undefined],
    ["a file of another user is not", { uid: 0 }, 0, "FORBIDDEN"],
    ["a file of a group is not, where it is another user's", { uid: 7, mode: 0o100640 }, 0, "FORBIDDEN"],
    ["the agent's file is read where the folder is the daemon's own", { uid: 7 }, AGENT, undefined],
    ["nobody's file is judged by owner where there are none", { uid: 0 }, undefined, undefined],
    ["a file with two names is not read", { names: 2 }, 0, "FORBIDDEN"],
    ["a link is not read", { kind: "link" }, 0, "FORBIDDEN"],
    ["a pipe is not read", { kind: "other" }, 0, "FORBIDDEN"],
    ["a folder is not read", { kind: "folder", names: 2 }, 0, "INPUT_INVALID"],
  ];
  it.each(cases)("%s", (_name, found, self, code) => expect(judgeReadable({ ...FILE, ...found }, "a", AGENT, self)?.code).toBe(code));
});
