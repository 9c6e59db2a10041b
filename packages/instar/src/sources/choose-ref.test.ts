import { describe, expect, it } from "vitest";
import { chooseBranch, chooseTag } from "./choose-ref.ts";

const refs = (...names: string[]) => names.map((ref, index) => ({ ref, commit: String(index) }));

describe("the tag that is followed", () => {
  const tags = refs("refs/tags/v1.9.0", "refs/tags/v1.10.0", "refs/tags/v2.0.0-rc.1", "refs/tags/v2.0.0-rc.2", "refs/tags/nightly", "refs/heads/v9.0.0");
  it("is the one of the highest version, and no pre-release", () => expect(chooseTag(tags, "v*")?.ref).toBe("refs/tags/v1.10.0"));
  it("may be a pre-release where they count", () => expect(chooseTag(tags, "v*", true)?.ref).toBe("refs/tags/v2.0.0-rc.2"));
  it("is a release before its own pre-releases", () => expect(chooseTag(refs("refs/tags/v2.0.0", "refs/tags/v2.0.0-rc.9"), "v*", true)?.version).toBe("2.0.0"));
  it("is none where no tag is a version", () => expect(chooseTag(refs("refs/tags/nightly", "refs/tags/v1.2"), "*")).toBeUndefined());
});

describe("the branch that is followed by a pattern", () => {
  const branches = refs(
    "refs/heads/main",
    "refs/heads/release/1.9",
    "refs/heads/release/1.10",
    "refs/heads/release/2",
    "refs/heads/release/next",
    "refs/tags/release/3.0.0",
  );
  it("is the one with the highest version in its name", () => expect(chooseBranch(branches, "release/*")?.ref).toBe("refs/heads/release/2"));
  it("is only among those that match", () => expect(chooseBranch(branches, "release/1.*")?.ref).toBe("refs/heads/release/1.10"));
  it("is none where no name has a version", () => expect(chooseBranch(refs("refs/heads/release/next"), "release/*")).toBeUndefined());
});
