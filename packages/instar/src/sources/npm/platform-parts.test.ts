import { describe, expect, it } from "vitest";
import type { MachinePlatform } from "./judge-version.ts";
import { planParts } from "./platform-parts.ts";

const glibc: MachinePlatform = { os: "linux", cpu: "x64", libc: "glibc" };
const musl: MachinePlatform = { os: "linux", cpu: "x64", libc: "musl" };
const mac: MachinePlatform = { os: "darwin", cpu: "arm64", libc: null };
const partsFor = (platform: MachinePlatform, ...names: string[]) =>
  planParts(Object.fromEntries(names.map((name) => [name, "1.0.0"])), platform).map(({ name }) => name);

describe("a part for this machine", () => {
  it("is told by its name", () => {
    for (const name of ["@x/y-linux-x64", "@x/y-linux-x64-gnu", "@x/linux-x64", "y-linux-64", "y_linux_x86_64", "y-linux-amd64"])
      expect(partsFor(glibc, name)).toEqual([name]);
    for (const name of ["@x/y-darwin-arm64", "@x/y-macos-aarch64", "@x/y-darwin-universal"]) expect(partsFor(mac, name)).toEqual([name]);
  });

  it("is not one for another", () => {
    for (const name of ["@x/y-darwin-x64", "@x/y-linux-arm64", "@x/y-win32-x64-msvc", "@x/y-linux-x64-musl", "@x/y-linuxmusl-x64", "fsevents", "y-linux"])
      expect(partsFor(glibc, name)).toEqual([]);
    expect(partsFor(musl, "@x/y-linux-x64-gnu", "@x/y-linuxmusl-x64", "@x/y-linux-x64-musl")).toEqual(["@x/y-linuxmusl-x64", "@x/y-linux-x64-musl"]);
  });

  it("is none of both where nobody knows the libc", () => {
    expect(partsFor({ ...glibc, libc: null }, "@x/y-linux-x64-gnu", "@x/y-linux-x64-musl", "@x/y-linux-x64")).toEqual(["@x/y-linux-x64"]);
  });

  it("is looked for where one exact version is wanted, also under another name", () => {
    expect(planParts({ "y-linux-x64": "^1.0.0" }, glibc)).toEqual([]);
    expect(planParts({ "y-linux-x64": "npm:@x/y@1.0.0-linux-x64" }, glibc)).toEqual([{ name: "@x/y", version: "1.0.0-linux-x64" }]);
    expect(planParts({ "y-linux-x64": "npm:../../y@1.0.0", "../y-linux-x64": "1.0.0" }, glibc)).toEqual([]);
  });
});
