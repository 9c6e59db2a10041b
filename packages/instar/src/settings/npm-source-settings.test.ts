import { describe, expect, it } from "vitest";
import { npmSourceSettings } from "./npm-source-settings.ts";

const mistakeIn = (settings: Record<string, unknown>): string =>
  npmSourceSettings
    .safeParse({ package: "agent", ...settings })
    .error?.issues.map(({ path, message }) => `${path.join(".")} ${message}`)
    .join() ?? "none";

describe("source.npm", () => {
  it("needs a package only", () => {
    expect(npmSourceSettings.parse({ package: "@scope/agent" })).toEqual({
      package: "@scope/agent",
      tag: "latest",
      registry: "https://registry.npmjs.org",
      checkEvery: 300_000,
      deprecated: "refuse",
    });
  });

  it("takes ranges, tags, and registries with tokens over https or on this machine", () => {
    for (const settings of [
      { range: "^1.2" },
      { range: ">=1 <3 || 5.x" },
      { tag: "next" },
      { registry: "http://registry.example.org" },
      { registry: "https://registry.example.org/npm/", tokenFile: "token" },
      { registry: "http://127.0.0.1:4873", tokenFile: "token" },
      { registry: "http://localhost:4873", tokenFile: "token" },
    ])
      expect(mistakeIn(settings)).toBe("none");
  });

  for (const [settings, words] of [
    [{ package: "../agent" }, "package must be a package's name"],
    [{ package: "a/b" }, "package must be a package's name"],
    [{ package: "@a/../b" }, "package must be a package's name"],
    [{ package: "agent@1" }, "package must be a package's name"],
    [{ range: "latest" }, "range must be a range"],
    [{ tag: "^1" }, "tag must be a tag"],
    [{ tag: "1.2.3" }, "tag must be a tag"],
    [{ registry: "ftp://x" }, "registry"],
    [{ registry: "https://user:password@x" }, "registry must be an address without a password"],
    [{ registry: "https://x/?token=1" }, "registry must be an address without a password"],
    [{ registry: "http://registry.example.org", tokenFile: "token" }, "registry must be https where there is a tokenFile"],
    [{ registry: "http://127.0.0.1.example.org", tokenFile: "token" }, "registry must be https where there is a tokenFile"],
    [{ deprecated: "maybe" }, "deprecated"],
    [{ versions: "1" }, "Unrecognized key"],
  ] as const)
    it(`does not take ${JSON.stringify(settings)}`, () => expect(mistakeIn(settings)).toContain(words));
});
