import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { packSdk } from "../../scripts/pack.ts";

describe("@instar/sdk, as installed from its tarball:", () => {
  const folder = mkdtempSync(join(tmpdir(), "instar-sdk-package-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("is one module without a dependency, with types, that any agent can import", async () => {
    const tarball = await packSdk(folder);
    const installed = join(folder, "project", "node_modules", "@instar", "sdk");
    mkdirSync(installed, { recursive: true });
    execFileSync("tar", ["-xzf", tarball, "-C", installed, "--strip-components=1"]);
    const manifest = JSON.parse(readFileSync(join(installed, "package.json"), "utf8")) as Record<string, unknown>;
    expect(manifest).toMatchObject({ name: "@instar/sdk", exports: { ".": { types: "./dist/index.d.ts", default: "./dist/index.js" } } });
    expect([manifest.private, manifest.dependencies, manifest.devDependencies]).toEqual([undefined, undefined, undefined]);
    expect(readdirSync(join(installed, "dist"))).toEqual(expect.arrayContaining(["index.js", "index.d.ts"]));
    writeFileSync(
      join(folder, "project", "agent.mjs"),
      'import { connect, InstarCallError } from "@instar/sdk";\nconnect().why().catch((error) => console.log(InstarCallError.is(error) ? error.code : error));\n',
    );
    // Nothing keeps this agent: it is told so, and lives.
    const said = execFileSync(process.execPath, [join(folder, "project", "agent.mjs")], { encoding: "utf8", env: { PATH: process.env.PATH } });
    expect(said.trim()).toBe("no-door");
  });
});
