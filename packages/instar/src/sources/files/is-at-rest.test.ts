import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { makeRepository } from "../make-repository.testing.ts";
import { hasConflictMarkers } from "./find-conflict-markers.ts";
import { isAtRest } from "./is-at-rest.ts";

let place: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "instar-rest-"));
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

const because = async (folder: string) => {
  const rest = await isAtRest(folder);
  return rest.kind === "busy" ? rest.because : "rests";
};

describe("whether a folder is at rest", () => {
  test("one without git is, and so is a checkout with nothing under way", async () => {
    expect(await because(place)).toBe("rests");
    const repository = makeRepository(join(place, "checkout"));
    repository.commit("first", { a: "1" });
    expect(await because(repository.folder)).toBe("rests");
  });

  test.each(["index.lock", "HEAD.lock", "rebase-merge", "rebase-apply", "MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD"])(
    "not while %s is there",
    async (name) => {
      mkdirSync(join(place, ".git"));
      writeFileSync(join(place, ".git", name), "");
      expect(await because(place)).toContain(join(place, ".git", name));
      rmSync(join(place, ".git", name));
      expect(await because(place)).toBe("rests");
    },
  );

  test("a worktree's git folder is asked where its .git file says, and a folder within a checkout asks the checkout's", async () => {
    const { git, commit, folder } = makeRepository(join(place, "main"));
    commit("first", { "sub/a": "1" });
    git("worktree", "add", "--quiet", "../tree", "-b", "other");
    writeFileSync(join(folder, ".git/worktrees/tree/MERGE_HEAD"), "");
    expect(await because(join(place, "tree"))).toMatch(/^a merge is under way in the folder/);
    expect(await because(join(place, "tree/sub"))).toMatch(/^a merge is under way in the folder/);
    expect(await because(folder)).toBe("rests");
  });

  test("a .git that is neither a folder nor names one is nothing to wait for", async () => {
    writeFileSync(join(place, ".git"), "something else");
    expect(await because(place)).toBe("rests");
  });
});

describe("the marks of a conflict", () => {
  test.each([
    ["a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> other\n", true],
    ["<<<<<<< HEAD\r\nb\r\n=======\r\nc\r\n>>>>>>> other", true],
    ["  <<<<<<< HEAD\nb\n  >>>>>>> other\n", false],
    [">>>>>>> other\n<<<<<<< HEAD\n", false],
    ["Title\n=======\n", false],
    ["<<<<<<<<<<\n>>>>>>>>>>\n", false],
  ])("%j: %s", (text, has) => expect(hasConflictMarkers(text)).toBe(has));
});
