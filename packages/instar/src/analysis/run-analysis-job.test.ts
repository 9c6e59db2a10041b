import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { JobResult, JobSpec } from "../platform/run-job.ts";
import { createAnalysis } from "./run-analysis-job.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "instar-analysis-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Asks for a drawing; `act` is the job. */
async function draw(act: (job: JobSpec, answer: string) => { readonly kind: string; readonly [key: string]: unknown }) {
  const jobs: JobSpec[] = [];
  const analysis = createAnalysis({
    runJob: async (job) => {
      jobs.push(job);
      return { tail: "last words", leftBehind: 0, durationMs: 1, ...act(job, job.argv.at(-1) ?? "") } as JobResult;
    },
    selfArgv: ["node", "--flag", "main.js"],
    environment: { PATH: "/bin" },
    withinMs: 60_000,
  });
  const asked = analysis.draw(
    { tree: { root: folder, files: [] }, format: "dot", cachePath: null },
    { scratch: join(folder, "scratch"), logPath: join(folder, "log") },
  );
  return { jobs, answer: await asked.catch((error: unknown) => error) };
}

const saying = (text: string) => (_: JobSpec, answer: string) => {
  writeFileSync(answer, text);
  return { kind: "exited", status: 0 };
};

describe("the analysis job", () => {
  it("is this program, asked by a file, with a limit of memory and nothing of our environment", async () => {
    let asked: unknown;
    const { jobs, answer } = await draw((job, path) => {
      asked = JSON.parse(readFileSync(job.argv.at(-2) ?? "", "utf8"));
      return saying('{ "modules": 1, "edges": 2, "text": "t" }')(job, path);
    });
    expect(answer).toEqual({ modules: 1, edges: 2, text: "t" });
    expect(asked).toMatchObject({ ask: "draw", format: "dot" });
    expect(jobs[0]).toMatchObject({
      argv: ["node", expect.stringMatching(/^--max-old-space-size=/), "--flag", "main.js", "analyse", expect.any(String), expect.any(String)],
      environment: { PATH: "/bin" },
    });
    expect(existsSync(join(folder, "scratch/job"))).toBe(false);
  });

  for (const [name, act, because] of [
    ["that dies of what it reads", () => ({ kind: "signalled", signal: "SIGSEGV" }), /SIGSEGV/],
    ["that runs out of memory", () => ({ kind: "exited", status: 134 }), /status 134/],
    ["that does not end", () => ({ kind: "timed-out", afterMs: 60_000 }), /not within 60 s/],
    ["that cannot be started", () => ({ kind: "not-started", because: "there is no program node" }), /no program node/],
  ] as const)
    it(`${name} has found nothing out, and says so`, async () => {
      const { answer } = await draw(act);
      expect(answer).toMatchObject({ code: "ANALYSIS_FAILED", message: expect.stringMatching(because) });
      expect(existsSync(join(folder, "scratch/job"))).toBe(false);
    });

  for (const [name, text] of [
    ["no JSON", "everything is well"],
    ["another shape", '{ "modules": "many" }'],
    ["nothing", ""],
  ] as const)
    it(`that exits with 0 and answers ${name} is not believed`, async () => expect((await draw(saying(text))).answer).toBeInstanceOf(Error));

  it("that exits with 0 and leaves no answer is not believed", async () =>
    expect((await draw(() => ({ kind: "exited", status: 0 }))).answer).toBeInstanceOf(Error));
});
