import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { judgeProposal } from "../improve/judge-proposal.js";
import { planNext } from "../improve/plan-next.js";
import { renderQuestion } from "../improve/render-question.js";
import { runNext } from "../improve/run-next.js";
import { RequestBook } from "../requests/request-book.js";

const QUESTION = { from: "cm", to: "smoot", value: 2 };
const UNITS = 'export const UNITS = {\n  m: { measures: "length", inBase: 1 },\n};\n';
const EDIT = { path: "skills/units.js", find: "};\n", replace: '  smoot: { measures: "length", inBase: 1.702 },\n};\n' };
const TEST = 'import assert from "node:assert/strict";\nimport { test } from "node:test";\n';
const PROPOSAL = { summary: "a smoot\nis known", edits: [EDIT], test: TEST };
const FILES = new Map([
  ["skills/units.js", { text: UNITS, digest: "d1" }],
  ["test/convert.test.js", { text: "test();", digest: "d2" }],
]);

describe("a proposal of a model's", () => {
  const judge = (proposal) => judgeProposal(proposal, FILES, { units: ["smoot"] });

  test("becomes the files to write, each with what must be there, and a test of its own", () => {
    assert.deepEqual(judge(PROPOSAL), {
      kind: "accepted",
      message: "Learn smoot: a smoot is known",
      writes: [
        { path: "skills/units.js", text: UNITS.replace("};\n", EDIT.replace), expects: "d1" },
        { path: "test/learned-smoot.test.js", text: TEST, expects: null },
      ],
    });
  });

  test("bad input", () => {
    const withEdit = (change) => ({ ...PROPOSAL, edits: [{ ...EDIT, ...change }] });
    for (const [name, proposal] of Object.entries({
      nothing: undefined,
      null: null,
      text: "yes",
      "no edits": { ...PROPOSAL, edits: [] },
      "many edits": { ...PROPOSAL, edits: Array(9).fill(EDIT) },
      "edits that are none": { ...PROPOSAL, edits: [null] },
      "a path outside of the folder": withEdit({ path: "../../instar.yaml" }),
      "an absolute path": withEdit({ path: "/etc/passwd" }),
      "a file that it was not shown": withEdit({ path: "skills/convert.js" }),
      "its own rules": withEdit({ path: "improve/judge-proposal.js" }),
      "a test that is deleted": withEdit({ path: "test/convert.test.js", find: "test();", replace: "" }),
      "a place that is not there": withEdit({ find: "nowhere" }),
      "a place that is there twice": withEdit({ find: " " }),
      "a place that is nothing": withEdit({ find: "" }),
      "no change": withEdit({ replace: EDIT.find }),
      "a long text": withEdit({ replace: "x".repeat(16_385) }),
      "a long test": { ...PROPOSAL, test: `${TEST}${"//".repeat(8_193)}` },
      "no test": { ...PROPOSAL, test: "export const x = 1;" },
      "a test that no runner runs": { ...PROPOSAL, test: 'import assert from "node:assert/strict";' },
      "a test that asserts nothing": { ...PROPOSAL, test: 'import { test } from "node:test";' },
    }))
      assert.equal(judge(proposal).kind, "refused", name);
  });

  test("is asked for with what a person said, and the same of the same", () => {
    const request = { question: QUESTION, units: ["smoot"], rejected: "it was refused", comment: "be exact" };
    const asked = renderQuestion(request, FILES);
    assert.match(asked.prompt, /rejected: it was refused\n\nA person says: be exact/);
    assert.deepEqual(renderQuestion({ ...request, id: "another", atMs: 7, tries: 3 }, FILES), asked);
  });
});

describe("what is next", () => {
  const request = {
    id: "r1",
    question: QUESTION,
    units: ["smoot"],
    state: "waiting",
    because: "",
    comment: null,
    answer: null,
    update: null,
    rejected: null,
    notBeforeMs: 0,
    tries: 0,
  };
  const deployment = { update: "u1", asker: "r1", outcome: null, because: "tests run", comment: null, needsPerson: false, isAcknowledged: false };
  const plan = (more) => planNext({ requests: [request], deployments: [], attemptsMs: [], attemptsPerHour: 6, nowMs: 0, answerOf: () => undefined, ...more });
  const ended = (more, tries = 1) =>
    plan({ deployments: [{ ...deployment, ...more }], requests: [{ ...request, tries }], answerOf: () => (more.outcome === "committed" ? 1.17 : undefined) });

  test("a try, for the oldest", () => assert.equal(plan({ requests: [request, { ...request, id: "r2" }] }).request.id, "r1"));

  test("not the one that met a fault just now", () => {
    assert.equal(
      plan({
        requests: [
          { ...request, notBeforeMs: 1 },
          { ...request, id: "r2" },
        ],
      }).request.id,
      "r2",
    );
    assert.equal(plan({ requests: [{ ...request, notBeforeMs: 1 }] }).kind, "rest");
    assert.equal(plan({ requests: [{ ...request, notBeforeMs: 1 }], nowMs: 1 }).kind, "try");
  });

  test("nothing where nothing waits", () => assert.equal(plan({ requests: [{ ...request, state: "failed" }] }).kind, "rest"));

  test("never a second deployment, whosever the first is", () => {
    assert.equal(plan({ deployments: [{ ...deployment, asker: "somebody" }] }).kind, "rest");
    const noted = plan({ deployments: [{ ...deployment, needsPerson: true }] });
    assert.match(noted.request.because, /^a person is asked/);
    assert.equal(plan({ deployments: [{ ...deployment, because: "" }] }).request.because, "the change is on its way");
    assert.equal(plan({ deployments: [{ ...deployment, needsPerson: true }], requests: [noted.request] }).kind, "rest");
  });

  test("an answer, where another change brought it", () => assert.equal(plan({ answerOf: () => 1.17 }).request.state, "done"));

  test("no more than so many within an hour, and it says when", () => {
    const { kind, request: noted } = plan({ attemptsMs: [10, 20], attemptsPerHour: 2, nowMs: 60_000 });
    assert.deepEqual([kind, noted.state], ["note", "waiting"]);
    assert.match(noted.because, /the next in 60 minutes/);
  });

  test("what was deployed is done with its answer, or failed where it has none", () => {
    assert.deepEqual(ended({ outcome: "committed" }).request.answer, 1.17);
    assert.equal(plan({ deployments: [{ ...deployment, outcome: "committed" }] }).request.state, "failed");
  });

  test("what was rejected is revised, twice at most, with what a person said", () => {
    for (const outcome of ["refused", "rolled-back", "superseded"]) {
      const { request: rejected } = ended({ outcome, because: "no", comment: "be exact" }, 2);
      assert.deepEqual([rejected.state, rejected.comment, rejected.update], ["waiting", "be exact", "u1"]);
      assert.match(rejected.rejected, /no$/);
      assert.deepEqual(
        [ended({ outcome, comment: "be exact" }, 3).request.state, ended({ outcome, comment: "be exact" }, 3).request.comment],
        ["failed", "be exact"],
      );
    }
    assert.equal(plan({ requests: [{ ...request, tries: 3 }] }).request.state, "failed");
    assert.equal(ended({ outcome: "cancelled" }).request.state, "failed");
  });

  test("all that ended is acknowledged, also where nobody waits for it", () => {
    assert.deepEqual(ended({ outcome: "committed", asker: "nobody" }), { kind: "learn", update: "u1", request: null });
    assert.equal(ended({ outcome: "committed", isAcknowledged: true }).kind, "note");
  });
});

describe("one move", () => {
  let folder;
  let book;
  let calls;
  let deployments;
  let broken;
  let said;
  let status;
  const base = { commit: "c0", version: "1.0.0" };
  const OWN = new Map([["skills/convert.js", { text: "export {};", digest: "d3" }], ...FILES]);
  const instar = {
    async call(tool, input) {
      calls.push(tool);
      if (tool === broken) throw new Error(`${tool}: away`);
      if (tool === "code_deployments") return { deployments };
      if (tool === "code_status") return status;
      if (tool === "code_list") return { entries: [...OWN.keys(), "server.js", "skills/other.js"].map((path) => ({ path, kind: "file" })) };
      if (tool === "code_read") return OWN.get(input.path);
      if (tool === "code_deploy") return said;
      if (tool === "code_acknowledge") deployments = deployments.map((each) => ({ ...each, isAcknowledged: true }));
      return {};
    },
  };
  const run = (proposal = PROPOSAL) =>
    runNext({ book, instar, ask: async () => ({ kind: "proposed", proposal }), answerOf: () => undefined, now: () => 0, attemptsPerHour: 6 });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "self-improving-agent-"));
    book = new RequestBook(folder, () => 0);
    book.open(QUESTION, ["smoot"]);
    calls = [];
    deployments = [];
    broken = undefined;
    status = { base, isStale: false, changedCount: 1 };
    said = { decision: "start", update: "u1", because: "" };
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const request = () => new RequestBook(folder, () => 0).requests[0];

  test("deploys what was made of what runs, and reads nothing but what it shows", async () => {
    await run();
    assert.deepEqual(calls, [
      "code_deployments",
      "code_status",
      "code_reset",
      "code_list",
      "code_read",
      "code_read",
      "code_read",
      "code_write",
      "code_write",
      "code_deploy",
    ]);
    assert.deepEqual([request().state, request().update, request().tries], ["waiting", "u1", 1]);
    assert.equal(book.attemptsMs.length, 1);
  });

  test("waits while Instar makes code-repo of what runs now, and resets only what was changed", async () => {
    for (const making of [
      { base: null, isStale: false, changedCount: 0 },
      { base, isStale: true, changedCount: 0 },
    ]) {
      status = making;
      calls = [];
      await run();
      assert.deepEqual([calls, request().tries], [["code_deployments", "code_status"], 0]);
    }
    status = { base, isStale: false, changedCount: 0 };
    await run();
    assert.deepEqual([calls.includes("code_reset"), request().tries], [false, 1]);
  });

  test("fails where the model's answer is none, and deploys nothing", async () => {
    await run({ ...PROPOSAL, edits: [{ ...EDIT, path: "../x" }] });
    assert.equal(calls.includes("code_write"), false);
    assert.deepEqual([request().state, request().tries], ["failed", 1]);
  });

  test("says which rejected deployment a revision answers", async () => {
    let deployed;
    const listening = {
      call(tool, input) {
        if (tool === "code_deploy") deployed = input;
        return instar.call(tool, input);
      },
    };
    book.put({ ...request(), update: "u0", rejected: "it was refused" });
    await runNext({
      book,
      instar: listening,
      ask: async () => ({ kind: "proposed", proposal: PROPOSAL }),
      answerOf: () => undefined,
      now: () => 0,
      attemptsPerHour: 6,
    });
    assert.deepEqual(deployed, { message: "Learn smoot: a smoot is known", asker: request().id, revises: "u0" });
    assert.deepEqual([request().update, request().rejected], ["u1", null]);
  });

  test("fails where the change was not begun", async () => {
    said = { decision: "hold", update: null, because: "it is night" };
    await run();
    assert.match(request().because, /it is night/);
    assert.equal(request().state, "failed");
  });

  test("faults: each tool once", async () => {
    for (const tool of ["code_deployments", "code_status"]) {
      broken = tool;
      await assert.rejects(run());
      assert.equal(request().tries, 0);
    }
    for (const tool of ["code_reset", "code_list", "code_read", "code_write", "code_deploy"]) {
      book.put({ ...request(), tries: 0, notBeforeMs: 0 });
      broken = tool;
      await run();
      assert.deepEqual([request().state, request().tries], ["waiting", 1], tool);
      assert.match(request().because, /away/);
      assert.equal(request().notBeforeMs, 30_000);
    }
  });

  test("writes what it learned before it says that it knows", async () => {
    const { id } = request();
    deployments = [{ update: "u1", asker: id, outcome: "refused", because: "tests failed", comment: null, needsPerson: false, isAcknowledged: false }];
    broken = "code_acknowledge";
    await assert.rejects(run());
    assert.match(request().rejected, /tests failed/);
    broken = undefined;
    const once = request();
    assert.equal(await run(), true);
    assert.deepEqual(request(), once);
    assert.equal(deployments[0].isAcknowledged, true);
  });
});
