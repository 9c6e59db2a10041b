import { describe, expect, it } from "vitest";
import { planRegistries } from "./plan-registries.ts";

describe("the hosts that installing may reach", () => {
  it.each([
    ["npm ci", ["registry.npmjs.org"]],
    [["npm", "ci"], ["registry.npmjs.org"]],
    ["yarn install --immutable", ["registry.yarnpkg.com", "registry.npmjs.org"]],
    ["python3 -m venv .venv && .venv/bin/pip install -r requirements.txt", ["pypi.org", "files.pythonhosted.org"]],
    [
      ["/usr/bin/uv", "sync"],
      ["pypi.org", "files.pythonhosted.org"],
    ],
    ["npm ci && .venv/bin/pip install .", ["registry.npmjs.org", "pypi.org", "files.pythonhosted.org"]],
    ["./fetch-everything", []],
    ["echo npmish", []],
  ])("of %j are %j", (command, hosts) => expect(planRegistries(command, undefined)).toEqual(hosts));

  it("are what the operator says, and nothing else", () => {
    expect(planRegistries("npm ci", ["packages.example.org:8443"])).toEqual(["packages.example.org:8443"]);
    expect(planRegistries("npm ci", [])).toEqual([]);
  });
});
