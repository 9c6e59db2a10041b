import { describe, expect, it } from "vitest";
import type { Edit, EditPlan } from "../../edits/edit.ts";
import { mergeInverseEdits } from "./merge-inverse-edits.ts";

const plan = (...edits: Edit[]): EditPlan => ({ because: "", edits, restart: false });
const write = (path: string, staged: string, expect: `sha256:${string}`): Edit => ({ kind: "file-write", path, content: { staged }, expect, parse: false });

describe("taking several updates of the configuration back at once", () => {
  it("brings a file that two of them changed to what it was before the older, if it is what the newer left", () => {
    const merged = mergeInverseEdits([plan(write("a", "after-first", "sha256:second")), plan(write("a", "before-first", "sha256:first"))], "back");
    expect(merged.edits).toEqual([write("a", "before-first", "sha256:second")]);
  });
  it("deletes what the older one made and the newer one changed, if it is what the newer left", () => {
    const merged = mergeInverseEdits([plan(write("a", "made", "sha256:changed")), plan({ kind: "file-delete", path: "a", expect: "sha256:made" })], "back");
    expect(merged.edits).toEqual([{ kind: "file-delete", path: "a", expect: "sha256:changed" }]);
  });
  it("does nothing about a file that the older one made and the newer one deleted", () => {
    const merged = mergeInverseEdits(
      [plan({ ...write("a", "made", "sha256:x"), expect: "absent" } as Edit), plan({ kind: "file-delete", path: "a", expect: "sha256:made" })],
      "back",
    );
    expect(merged.edits).toEqual([]);
  });
  it("keeps files apart, and starts the agent again where one of them did", () => {
    const merged = mergeInverseEdits([plan(write("a", "1", "sha256:1")), { ...plan(write("b", "2", "sha256:2")), restart: true }], "back");
    expect(merged.edits.map(({ path }) => path)).toEqual(["a", "b"]);
    expect(merged.restart).toBe(true);
  });
});
