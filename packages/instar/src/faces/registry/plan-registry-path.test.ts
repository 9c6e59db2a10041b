import { describe, expect, it } from "vitest";
import { planRegistryPath } from "./plan-registry-path.ts";

const SHA = "a".repeat(64);

describe("what is served:", () => {
  it.each([
    ["/metadata/timestamp.json", ["metadata", "timestamp.json"], false],
    ["/metadata/12.root.json", ["metadata", "12.root.json"], false],
    [`/targets/stable/${SHA}.agent-1.2.3-beta.1.tgz`, ["targets", "stable", `${SHA}.agent-1.2.3-beta.1.tgz`], true],
    [`/targets/stable/${SHA}%2Eagent-1.2.3.tgz?cached=no`, ["targets", "stable", `${SHA}.agent-1.2.3.tgz`], true],
  ])("%s", (url, parts, isForEver) => {
    expect(planRegistryPath(url)).toEqual({ kind: "file", parts, isForEver });
  });
  it("the question of clients without TUF", () => {
    expect(planRegistryPath("/api/v1/updates?component=agent")).toMatchObject({ kind: "updates", query: new URLSearchParams("component=agent") });
  });
});

describe("what is not there:", () => {
  it.each([
    ["nothing", ""],
    ["the top", "/"],
    ["a folder", "/metadata"],
    ["a folder with its slash", "/metadata/"],
    ["a folder of releases", "/targets/stable/"],
    ["what is private", "/private/drafts/0123456789ab.json"],
    ["what is private, by way of what is not", "/metadata/../private/lock"],
    ["the same, encoded", "/metadata/%2e%2e/private/lock"],
    ["the same, encoded twice", "/metadata/%252e%252e/private/lock"],
    ["the same, with encoded slashes", "/metadata/..%2fprivate%2flock.json"],
    ["the same, with backslashes", "/metadata/..%5cprivate%5clock.json"],
    ["the folder itself", "/metadata/./timestamp.json"],
    ["an empty part", "/metadata//timestamp.json"],
    ["two slashes in front", "//metadata/timestamp.json"],
    ["a key among the metadata", "/metadata/root-1.pem"],
    ["what is half written", "/metadata/.tmp-1.root.json"],
    ["a NUL byte", "/metadata/timestamp.json%00.json"],
    ["a line's end", "/metadata/timestamp%0a.json"],
    ["what cannot be decoded", "/metadata/%zz.json"],
    ["half a letter", "/metadata/%c3.json"],
    ["a whole address", "http://elsewhere/metadata/timestamp.json"],
    ["an asterisk", "*"],
    ["a release without its digest", "/targets/stable/agent-1.2.3.tgz"],
    ["a release without a channel", `/targets/${SHA}.agent-1.2.3.tgz`],
    ["a release too deep", `/targets/stable/more/${SHA}.agent-1.2.3.tgz`],
    ["metadata too deep", "/metadata/more/timestamp.json"],
    ["a name that is too long", `/metadata/${"a".repeat(300)}.json`],
    ["another room", "/keys/root-1.json"],
    ["another version of the question", "/api/v2/updates?component=agent"],
  ])("%s", (_, url) => {
    expect(planRegistryPath(url)).toEqual({ kind: "nothing" });
  });
});
