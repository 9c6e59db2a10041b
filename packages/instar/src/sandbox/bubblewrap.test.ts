import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import type { JobSpec } from "../platform/run-job.ts";
import { runEntered } from "./run-entered.ts";
import type { Confinement } from "./sandbox.ts";
import { createSandboxes } from "./sandboxes.testing.ts";

const sandboxes = await createSandboxes({});
afterAll(async () => sandboxes.close());
const bubblewrap = sandboxes.adapters.find(({ name }) => name === "bubblewrap");

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "instar-bubblewrap-"));
  await mkdir(join(folder, "scratch"));
});
afterEach(async () => rm(folder, { recursive: true }));

describe.skipIf(bubblewrap === undefined)("in bubblewrap", () => {
  if (bubblewrap === undefined) return;
  const run = (script: string, confinement: Partial<Confinement> = {}, job: Partial<JobSpec> = {}) =>
    runEntered(
      bubblewrap,
      {
        argv: ["/bin/sh", "-c", script],
        cwd: join(folder, "scratch"),
        environment: { PATH: "/usr/bin:/bin" },
        timeoutMs: 30_000,
        logPath: join(folder, "log"),
        title: "a test",
        ...job,
        confinement: {
          use: "test",
          readable: [],
          writable: [],
          scratch: join(folder, "scratch"),
          network: { kind: "private" },
          limits: { memoryBytes: 268_435_456, processes: 64, descriptors: 256, diskBytes: 8_388_608 },
          ...confinement,
        },
      },
      sandboxes.runJob,
    );

  test("a folder that the candidate made a link to somewhere else is not followed", async () => {
    await mkdir(join(folder, "candidate"));
    await mkdir(join(folder, "private"));
    await writeFile(join(folder, "private", "key"), "key");
    await symlink(join(folder, "private"), join(folder, "candidate", "dist"));
    const given = { readable: [join(folder, "candidate")], writable: [join(folder, "candidate", "dist")] };
    await expect(run(`cat ${folder}/candidate/dist/key`, given)).rejects.toMatchObject({ code: "SANDBOX_FAILED", facts: { real: join(folder, "private") } });
  });

  test("a link in the operator's own paths is followed, as everywhere", async () => {
    await mkdir(join(folder, "disk"));
    await writeFile(join(folder, "disk", "data"), "data");
    await symlink(join(folder, "disk"), join(folder, "link"));
    expect(await run(`cat ${folder}/link/data`, { readable: [join(folder, "link")] })).toMatchObject({ kind: "exited", status: 0, tail: "data" });
  });

  test("nobody is given the whole file system", async () => {
    await expect(run("true", { readable: ["/"] })).rejects.toMatchObject({ code: "SANDBOX_FAILED" });
    await expect(run("true", { writable: ["relative"] })).rejects.toMatchObject({ code: "SANDBOX_FAILED" });
  });

  test("a library that is to be preloaded is preloaded inside, and not into what stands in front of the program", async () => {
    const result = await run("", {}, { argv: ["/bin/true"], environment: { PATH: "/usr/bin:/bin", LD_PRELOAD: "/no/such/library.so" } });
    expect(result.tail.match(/library\.so/g)).toHaveLength(1);
  });

  test("a placed folder is seen where it is wanted, and written there", async () => {
    await mkdir(join(folder, "copy"));
    await mkdir(join(folder, "state"));
    await writeFile(join(folder, "copy", "now"), "the copy");
    await writeFile(join(folder, "state", "now"), "the state");
    const result = await run(`cat ${folder}/state/now; echo more >${folder}/state/new`, {
      placed: [{ from: join(folder, "copy"), at: join(folder, "state") }],
    });
    expect(result).toMatchObject({ kind: "exited", status: 0, tail: "the copy" });
    expect(await readFile(join(folder, "copy", "new"), "utf8")).toBe("more\n");
  });

  test("a program that only lies outside is no program of the candidate's that failed", async () => {
    await writeFile(join(folder, "tool"), "#!/bin/sh\necho ran\n");
    await chmod(join(folder, "tool"), 0o755);
    await expect(run("", {}, { argv: [join(folder, "tool")] })).rejects.toMatchObject({ code: "SANDBOX_FAILED" });
    expect(await run("", { readable: [join(folder, "tool")] }, { argv: [join(folder, "tool")] })).toMatchObject({ kind: "exited", status: 0, tail: "ran" });
  });

  test("a program that exits as the tool would is not taken for it", async () => {
    expect(await run("echo 'bwrap: execvp x: No such file or directory' >&2; exit 1")).toMatchObject({ kind: "exited", status: 1 });
  });

  test("programs of every day work: node, npm, git, python", async (context) => {
    const script =
      "git init -q . && git -c user.name=a -c user.email=a@b commit -q --allow-empty -m x && git log --format=%s && npm --version >/dev/null && python3 -c 'import ssl, sqlite3; print(1)'";
    const available = await sandboxes.runJob({
      argv: ["/bin/sh", "-c", "command -v git npm python3"],
      cwd: folder,
      environment: { PATH: process.env.PATH ?? "" },
      timeoutMs: 30_000,
      logPath: join(folder, "log"),
      title: "what is here",
    });
    if (available.kind !== "exited" || available.status !== 0) return context.skip();
    expect(await run(script, {}, { environment: { PATH: process.env.PATH ?? "", HOME: join(folder, "scratch") } })).toMatchObject({
      kind: "exited",
      status: 0,
      tail: "x\n1",
    });
  });
});
