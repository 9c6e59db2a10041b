import { describe, expect, it } from "vitest";
import { registrySourceSettings } from "./registry-source-settings.ts";

const GOOD = { url: "https://example.org/releases", root: "./root.json", component: "agent" };

describe("source.registry", () => {
  it("follows stable every five minutes, finished versions only", () => {
    expect(registrySourceSettings.parse(GOOD)).toEqual({ ...GOOD, channel: "stable", prereleases: false, checkEvery: 300_000 });
  });

  it.each([
    ["no address", { url: "nowhere" }],
    ["a file's address", { url: "file:///etc" }],
    ["an address with a password", { url: "https://ada:secret@example.org/" }],
    ["an address with a question", { url: "https://example.org/?token=1" }],
    ["an address with a mark", { url: "https://example.org/#a" }],
    ["no root", { root: undefined }],
    ["an empty root", { root: "" }],
    ["no component", { component: undefined }],
    ["a component that leads elsewhere", { component: "../agent" }],
    ["a component in capitals", { component: "Agent" }],
    ["a component without end", { component: "a".repeat(101) }],
    ["a channel that leads elsewhere", { channel: "../stable" }],
    ["an empty channel", { channel: "" }],
    ["a key that nobody knows", { token: "1" }],
  ])("bad input: %s", (_, change) => {
    expect(registrySourceSettings.safeParse({ ...GOOD, ...change }).success).toBe(false);
  });
});
