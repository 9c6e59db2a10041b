import { randomBytes } from "node:crypto";
import { link, lstat, mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { InstarError } from "@instar/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EditWorld } from "./edit-world.testing.ts";
import { parseEditPlan } from "./parse-edit-plan.ts";
import { digestOf } from "./read-live-file.ts";

let world: EditWorld;
beforeEach(async () => {
  world = await EditWorld.create();
  await writeFile(join(world.agent, "config/key.json"), '{ "token": "t0p" }\n');
});
afterEach(() => world.end());

describe("edits reach what is listed and nothing else:", () => {
  const refusal = async (edit: string, listed?: readonly string[]) => {
    const edits = world.edits(undefined, listed);
    const planned = await edits.look(parseEditPlan(`{"because": "x", "edits": [${edit}]}`), world.agent);
    return planned.kind === "refused" ? planned.because : "planned";
  };

  it.each([
    ["beside it", '{"write": "instar.yaml", "content": "x"}'],
    ["an absolute path", '{"write": "/etc/passwd", "content": "x"}'],
    ["a name that begins alike", '{"write": "configs/x", "content": "x"}'],
  ])("%s", async (_, edit) => expect(await refusal(edit)).toContain("is not below what backup.config"));

  it("a way up", () => expect(() => parseEditPlan('{"because": "x", "edits": [{"delete": "config/../agent.js"}]}')).toThrow("does not go up"));

  it("through a link to elsewhere, or one put there later", async () => {
    await mkdir(join(world.data, "elsewhere"));
    await symlink(join(world.data, "elsewhere"), join(world.agent, "config/out"));
    expect(await refusal('{"write": "config/out/x", "content": "x"}')).toContain("is a link");
    await symlink("key.json", join(world.agent, "config/alias.json"));
    expect(await refusal('{"write": "config/alias.json", "content": "{}"}')).toContain("config/alias.json is a link");
    const edits = world.edits();
    await mkdir(join(world.agent, "config/inner"));
    const id = await world.prepared('{"because": "x", "edits": [{"write": "config/inner/x", "content": "x"}]}', edits);
    await rm(join(world.agent, "config/inner"), { recursive: true });
    await symlink(join(world.data, "elsewhere"), join(world.agent, "config/inner"));
    await expect(edits.apply(id)).rejects.toMatchObject({ code: "EDIT_REFUSED" });
    await expect(lstat(join(world.data, "elsewhere/x"))).rejects.toThrow("ENOENT");
  });

  it("what says who may approve, nor anything below it, where that is sealed; and beside it as ever", async () => {
    await mkdir(join(world.agent, "config/policy"));
    const look = async (edit: string, sealed: readonly string[]) => {
      const planned = await world.edits(undefined, ["config"], sealed).look(parseEditPlan(`{"because": "x", "edits": [${edit}]}`), world.agent);
      return planned.kind === "refused" ? planned.because : "planned";
    };
    for (const edit of [
      '{"write": "config/policy/own.cedar", "content": ""}',
      '{"write": "config/policy/passkeys", "content": ""}',
      '{"delete": "config/policy/own.cedar"}',
      '{"directory": "config/policy/inner"}',
    ])
      expect([edit, await look(edit, ["config/policy"])]).toEqual([edit, expect.stringContaining("approvals want a passkey here")]);
    expect(await look('{"write": "config/policy/own.cedar", "content": ""}', [])).toBe("planned");
    expect(await look('{"write": "config/policy-of-others", "content": ""}', ["config/policy"])).toBe("planned");
  });

  it("a listed folder that is a link itself", async () => {
    await symlink(world.data, join(world.agent, "linked"));
    expect(await refusal('{"write": "linked/x", "content": "x"}', ["linked"])).toContain("is a link");
  });

  it("Instar's own data, though it were listed, by its name or by another", async () => {
    expect(await refusal(`{"write": "${world.data}/releases/x", "content": "x"}`, [world.data])).toContain("Instar's data folder");
    await mkdir(join(world.data, "releases"));
    await symlink(world.data, join(world.agent, "..", "alias"));
    expect(await refusal(`{"write": "${join(world.agent, "../alias/releases/x")}", "content": "x"}`, [join(world.agent, "../alias/releases")])).toContain(
      "Instar's data folder",
    );
  });

  it("folders, pipes, and files with another name", async () => {
    expect(await refusal('{"write": "config", "content": "x"}')).toContain("is a folder");
    await link(join(world.agent, "config/key.json"), join(world.agent, "config/same.json"));
    expect(await refusal('{"write": "config/key.json", "content": "{}"}')).toContain("hard link");
    expect(await refusal('{"write": "config/dev/x", "content": "x"}')).toContain("is not there; make it first");
    expect(await refusal('{"delete": "config/none"}')).toContain("config/none is not there");
  });

  it("instar.yaml where it is listed by name, and only if it is settings afterwards", async () => {
    await writeFile(
      join(world.agent, "instar.yaml"),
      "version: 1\nname: a\nsource: { git: x }\nagent: { start: [a] }\nstate: { kind: none }\nhealth: { http: { path: / } }\nfront: { port: 1 }\n",
    );
    expect(await refusal('{"set": "instar.yaml", "values": {"/name": "b"}}', ["."])).toContain("only where backup.config lists it by name");
    expect(await refusal('{"set": "instar.yaml", "values": {"/name": "b"}}', ["instar.yaml"])).toBe("planned");
    expect(await refusal('{"set": "instar.yaml", "values": {"/nmae": "b"}}', ["instar.yaml"])).toContain("would no longer be settings");
    expect(await refusal('{"delete": "instar.yaml"}', ["instar.yaml"])).toContain("there is no instance");
  });

  it("what its name says it is, unless it was not that before", async () => {
    expect(await refusal('{"write": "config/key.json", "content": "{"}')).toContain("is not JSON");
    expect(await refusal('{"write": "config/key.json", "content": "{", "parse": false}')).toBe("planned");
    await writeFile(join(world.agent, "config/key.json"), "// with comments\n{}");
    expect(await refusal('{"write": "config/key.json", "content": "// still\\n{}"}')).toBe("planned");
  });

  it("ten mebibytes of anything by `from`, and not more than may be read into memory", async () => {
    const bytes = randomBytes(10_485_760);
    await writeFile(join(world.data, "big"), bytes);
    const edits = world.edits();
    const id = await world.prepared(`{"because": "x", "edits": [{"write": "config/big.bin", "from": "${world.data}/big"}]}`, edits);
    await edits.apply(id);
    expect(digestOf(await readFile(join(world.agent, "config/big.bin")))).toBe(digestOf(bytes));
    await writeFile(join(world.data, "big"), Buffer.alloc(33_554_433));
    await expect(refusal(`{"write": "config/big.bin", "from": "${world.data}/big"}`)).rejects.toSatisfy((error) => InstarError.is(error, "INPUT_INVALID"));
  });

  it("not more together than may be in memory at once", async () => {
    await writeFile(join(world.data, "big"), Buffer.alloc(30_000_000));
    const edits = Array.from({ length: 5 }, (_, number) => `{"write": "config/${number}.bin", "from": "${world.data}/big"}`);
    expect(await refusal(edits.join(", "))).toContain("larger than 128 MiB together");
  });
});
