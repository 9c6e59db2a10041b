import { describe, expect, it } from "vitest";
import { endpointSourceSettings } from "./endpoint-source-settings.ts";
import { webhookSettings } from "./webhook-settings.ts";

const github = { secretFile: "secret", repositories: ["owner/name"] };

describe("webhooks", () => {
  it("listen on this machine alone, to a mebibyte, within five minutes", () => {
    expect(webhookSettings.parse({ port: 8_090, github })).toMatchObject({ host: "127.0.0.1", maxBytes: 1_048_576, freshWithin: 300_000 });
  });
  it.each([
    ["no repository", { github: { ...github, repositories: [] } }],
    ["a repository that is an address", { github: { ...github, repositories: ["https://github.com/owner/name"] } }],
    ["no secret", { github: { repositories: ["owner/name"] } }],
    ["no proof for GitLab", { gitlab: { repositories: ["group/sub/name"] } }],
    ["a secret in place of its file's name", { github: { ...github, secret: "s" } }],
    ["a body that nobody would parse", { github, maxBytes: "25MiB" }],
  ])("are refused with %s", (_, written) => {
    expect(webhookSettings.safeParse({ port: 8_090, ...written }).success).toBe(false);
  });
  it("of GitLab may come from a group in a group", () => {
    expect(webhookSettings.safeParse({ port: 8_090, gitlab: { signingSecretFile: "s", repositories: ["group/sub/name"] } }).success).toBe(true);
  });
});

describe("an endpoint", () => {
  it("is asked every five minutes, for a mebibyte at most", () => {
    expect(endpointSourceSettings.parse({ url: "https://updates.example.org/agent" })).toMatchObject({
      checkEvery: 300_000,
      maxBytes: 1_048_576,
      maxArchive: 1_024 ** 3,
    });
  });
  it.each(["file:///etc/passwd", "ftp://example.org/", "updates.example.org", "https://user:word@example.org/"])("is not %s", (url) => {
    expect(endpointSourceSettings.safeParse({ url }).success).toBe(false);
  });
});
