import { type Report, type ReportKind, report as reportSchema } from "@instar/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LedgerEntry } from "../ledger/ledger-entry.ts";
import { ended, failed, stumbled, superseded, undoFailed, undoing, undone } from "../update/tell-journal.testing.ts";
import { buildReport } from "./build-report.ts";
import { tellHostile } from "./hostile-ledger.testing.ts";
import { CODE, GOING_BACK, ToldLedger } from "./tell-ledger.testing.ts";

const REQUEST = { instance: "demo", madeAt: "2026-03-30T00:00:00.000Z" };
const build = (kind: ReportKind, entries: readonly LedgerEntry[], request = {}) => buildReport(kind, entries, { ...REQUEST, ...request });
const sectionOf = (report: Report, name: string) => {
  const section = report.sections.find((each) => each.section === name);
  if (section === undefined) throw new Error(`no section ${name}`);
  return section;
};
const figureOf = (report: Report, id: string) => {
  const figure = report.sections.flatMap(({ figures }) => figures).find((each) => each.id === id);
  if (figure === undefined) throw new Error(`no figure ${id}`);
  return figure;
};
const amountOf = (report: Report, id: string) => figureOf(report, id).value;
const tableOf = (report: Report, id: string) => {
  const table = report.sections.flatMap(({ tables }) => tables).find((each) => each.id === id);
  if (table === undefined) throw new Error(`no table ${id}`);
  return table.rows.map(({ cells }) => Object.fromEntries(table.columns.map((column, index) => [column.id, cells[index]])));
};

/** A month as it may be: six that stay, one refused, two that go back, one superseded, one by hand, one under way. */
function tellMonth(): ToldLedger {
  const told = new ToldLedger("2026-03-02T09:00:00.000Z");
  for (const [index, version] of ["1.1.0", "1.2.0", "1.3.0", "1.4.0"].entries()) {
    told.detect(version).after((index + 1) * 60_000);
    told.begin(`w${index}`, CODE, { versionTo: version }).commit(`w${index}`).after(86_400_000);
  }
  told.detect("1.4.1").after(30_000).begin("s1", CODE, { versionTo: "1.4.1" });
  told.commit("s1", CODE, { analyse: { updateType: "security", risk: "high" } }).after(86_400_000);
  told.detect("1.5.0").begin("r1", CODE, { versionTo: "1.5.0" }).refuse("r1", "validate").after(86_400_000);
  told.detect("1.6.0").begin("b1", CODE, { versionTo: "1.6.0" }).goBack("b1").after(86_400_000);
  told.detect("1.7.0").begin("b2", CODE, { versionTo: "1.7.0" }).goBack("b2", "it leaks").say({ event: "BREAKER_OPENED", success: false }).after(86_400_000);
  told.detect("1.8.0").begin("n1", CODE, { versionTo: "1.8.0" }).done("n1", ["fetch", "switch"]).write("n1", superseded);
  told.write("n1", ended("superseded", "1.2.0 is new")).after(86_400_000);
  told.begin("h1", GOING_BACK, { versionTo: "1.4.0", trigger: "rollback", actor: { type: "user", id: "ada" } }).commit("h1", GOING_BACK);
  told.say({ event: "UPDATE_DISMISSED", description: "1.7.0 was tried" }).after(86_400_000);
  return told.begin("o1", CODE, { versionTo: "1.9.0" }).write("o1", stumbled("build")).done("o1", ["fetch"]);
}

describe("a month", () => {
  const month = build("all", tellMonth().entries);

  it("is what the protocol says that a report is", async () => expect(reportSchema.parse(await month)).toEqual(await month));

  it("counts what was detected, begun, and how it ended", async () => {
    const ids = ["detected", "dismissed", "started", "ended", "open", "outcome.committed", "outcome.refused", "outcome.rolled-back", "outcome.superseded"];
    const report = await month;
    expect(Object.fromEntries(ids.map((id) => [id, amountOf(report, id)]))).toEqual({
      ...{ detected: 9, dismissed: 1, started: 11, ended: 10, open: 1 },
      ...{ "outcome.committed": 6, "outcome.refused": 1, "outcome.rolled-back": 2, "outcome.superseded": 1 },
    });
  });

  it("has a success rate of those that say something of the version, with its n and Wilson's interval", async () => {
    const rate = figureOf(await month, "successRate");
    expect([rate.value, rate.n]).toEqual([6 / 9, 9]);
    expect([rate.interval?.lower.toFixed(4), rate.interval?.upper.toFixed(4), rate.interval?.level]).toEqual(["0.3542", "0.8794", 0.95]);
  });

  it("has a rollback rate of what was exchanged", async () => {
    const rate = figureOf(await month, "rollbackRate");
    expect([rate.value, rate.n, rate.entries.length]).toEqual([2 / 9, 9, 9]);
    expect([amountOf(await month, "rollbacks.byHand"), amountOf(await month, "quarantined"), amountOf(await month, "breaker")]).toEqual([1, 2, 1]);
    expect(amountOf(await month, "rollbacksPer30Days")).toBe(2);
  });

  it("says at which step and of what updates failed, most first", async () => {
    expect(tableOf(await month, "failureCauses").map(({ stage, code, updates }) => [stage, code, updates])).toEqual([
      ["watch", "MISBEHAVED", 2],
      ["validate", "APPLY_FAILED", 1],
    ]);
    expect([amountOf(await month, "failed"), amountOf(await month, "failed.before"), amountOf(await month, "failed.after")]).toEqual([3, 1, 2]);
    expect(amountOf(await month, "failures.passed")).toBe(1);
  });

  it("says how soon a security update served after its detection, and the others beside it", async () => {
    const report = await month;
    expect([amountOf(report, "security"), amountOf(report, "security.committed"), amountOf(report, "security.unknown")]).toEqual([1, 1, 2]);
    // Thirty seconds of waiting, and a second each for the detection, the start and the eight steps before the exchange.
    expect(amountOf(report, "security.detectionToService.mean")).toBe(40_000);
    expect(tableOf(report, "security")).toMatchObject([{ update: "s1", versionTo: "1.4.1", detectionToServiceMs: 40_000, risk: "high", outcome: "committed" }]);
    const chart = sectionOf(report, "security").charts.find(({ id }) => id === "security.delays");
    expect(chart?.kind === "durations" && chart.rows.map(({ label, n }) => [label, n])).toEqual([
      ["security updates", 1],
      ["other updates of the code", 4],
    ]);
  });

  it("sums up what was measured, and the way back", async () => {
    const report = await month;
    expect([amountOf(report, "exchange.median"), figureOf(report, "exchange.median").n]).toEqual([400, 9]);
    expect([amountOf(report, "watched.requests"), amountOf(report, "watched.failedShare"), amountOf(report, "worseInService")]).toEqual([1_500, 0, 2]);
    expect([amountOf(report, "wayBack.median"), amountOf(report, "wayBack.longest")]).toEqual([2_000, 2_000]);
    expect(tableOf(report, "rollbacks").map(({ update, because, writesSince }) => [update, because, writesSince])).toEqual([
      ["b1", "26 of 79 requests failed", 27],
      ["b2", "it leaks", 27],
    ]);
  });

  it("of one kind is that section of the whole", async () => {
    const all = await month;
    for (const kind of ["updates", "failures", "rollbacks", "security", "performance"] as const)
      expect((await build(kind, tellMonth().entries)).sections).toEqual([sectionOf(all, kind)]);
  });

  it("lists the entries that its figures rest on, each with its leaf hash where the checkpoint covers it", async () => {
    const checkpoint = { size: 1, root: "", key: "", note: "" };
    const readLeafHashes = async (indices: readonly number[]) =>
      new Map(indices.flatMap((index) => (index % 2 === 0 ? [[index, `leaf ${index}`] as const] : [])));
    const signed = { checkpoint, readLeafHashes };
    const { entries } = await build("rollbacks", tellMonth().entries, { signed });
    expect(entries.total).toBe(entries.listed.length);
    expect(entries.listed.every(({ index, leafHash }) => leafHash === (index % 2 === 0 ? `leaf ${index}` : null))).toBe(true);
    expect(entries.listed.map(({ event }) => event)).toContain("ROLLBACK_COMPLETED");
  });
});

describe("what an update did before the period", () => {
  it("is not counted in it, although its end is", async () => {
    const told = new ToldLedger("2026-02-01T00:00:00.000Z")
      .begin("u1")
      .write("u1", stumbled("build"))
      .done("u1", ["switch"])
      .write("u1", failed("watch", "bad"));
    told
      .write("u1", undoing("switch"))
      .write("u1", undoFailed("switch"))
      .after(20 * 86_400_000);
    told.write("u1", undoing("switch")).write("u1", undone("switch")).write("u1", ended("rolled-back", "bad"), { digest: "d" });
    const report = await build("all", told.entries, { from: "2026-02-10" });
    const ids = ["started", "ended", "rollbacks", "quarantined", "failures.passed", "wayBack.failed", "worseInService"];
    expect(Object.fromEntries(ids.map((id) => [id, amountOf(report, id)]))).toEqual({
      ...{ started: 0, ended: 1, rollbacks: 1, quarantined: 1, "failures.passed": 0, "wayBack.failed": 0, worseInService: 0 },
    });
    expect(tableOf(report, "rollbacks")).toMatchObject([{ because: "bad", wayBackMs: 20 * 86_400_000 + 4_000 }]);
  });
});

describe("a failure that was tried again", () => {
  it("and again, until the update failed of it, passed only the first time", async () => {
    const told = new ToldLedger("2026-03-02").begin("u1").write("u1", stumbled("build")).write("u1", stumbled("build"));
    const report = await build("failures", told.write("u1", ended("refused", "it stumbled")).entries);
    expect([figureOf(report, "failures.passed").entries, amountOf(report, "failed")]).toEqual([[1], 1]);
  });
});

describe("updates that overlap", () => {
  it("are counted by entries in the ledger's order, whichever began first", async () => {
    const told = new ToldLedger("2026-03-02").begin("u1").begin("u2").commit("u2").commit("u1");
    const report = await build("updates", told.entries);
    const { entries, value } = figureOf(report, "ended");
    expect([value, entries]).toEqual([2, [14, 27]]);
  });
});

describe("a long ledger", () => {
  it("has the newest of its entries listed, and the indices of all", async () => {
    const told = new ToldLedger("2026-03-02T00:00:00.000Z");
    for (let update = 0; update < 800; update += 1) told.begin(`u${update}`).commit(`u${update}`);
    const { entries, sections } = await build("updates", told.entries);
    expect([entries.total, entries.listed.length, entries.listed.at(-1)?.index]).toEqual([told.entries.length, 10_000, told.entries.length - 1]);
    expect(sections[0]?.figures.find(({ id }) => id === "ended")?.entries).toHaveLength(800);
  });
});

describe("an empty period", () => {
  it("says in each section that there was nothing, and has no shares and no durations", async () => {
    const report = await build("all", []);
    expect(report.sections.map(({ because }) => because)).toEqual([
      "No update ended in this period, and none was under way at its end.",
      "No update failed in this period.",
      "Nothing was exchanged in this period.",
      "No update of this period is known to be a security update.",
      "Nothing was measured in this period.",
    ]);
    for (const { unit, value, interval } of report.sections.flatMap(({ figures }) => figures))
      expect([value, interval]).toEqual([unit === "count" ? 0 : null, null]);
    expect(report.sections.flatMap(({ tables }) => tables.flatMap(({ rows }) => rows))).toEqual([]);
    expect(report.read).toEqual({ entries: 0, first: null, last: null, unreadable: 0 });
    expect(reportSchema.parse(report)).toEqual(report);
  });
  it("of a ledger with other things says the same", async () => {
    const told = new ToldLedger("2026-03-02").say({ event: "TOKEN_CREATED" }).say({ event: "EPOCH_TAKEN" });
    const report = await build("all", told.entries);
    expect([report.read.entries, report.entries.total]).toEqual([2, 0]);
  });
});

describe("the period of a report", () => {
  it("is the last 30 days where nothing is said", async () => {
    const { from, to } = await build("updates", []);
    expect([from, to]).toEqual(["2026-02-28T00:00:00.000Z", "2026-03-30T00:00:00.000Z"]);
  });
  it("is 30 days before its end where only that is said", async () => {
    expect((await build("updates", [], { to: "2026-02-01" })).from).toBe("2026-01-02T00:00:00.000Z");
  });
  it("may be said in days or in times of any zone", async () => {
    const { from, to } = await build("updates", [], { from: "2026-01-01", to: "2026-01-31T09:30:00+02:00" });
    expect([from, to]).toEqual(["2026-01-01T00:00:00.000Z", "2026-01-31T07:30:00.000Z"]);
  });
});

describe("bad input", () => {
  for (const [what, request] of [
    ["a time in words", { from: "yesterday" }],
    ["a day that no month has", { to: "2026-02-30" }],
    ["an hour that no day has", { to: "2026-02-01T25:00:00Z" }],
    ["a time without a zone", { to: "2026-02-01T10:00:00" }],
    ["a year beyond four digits", { to: "+275760-09-13" }],
    ["nothing", { from: "" }],
    ["a period that ends before it begins", { from: "2026-02-02", to: "2026-02-01" }],
    ["a period of no length", { from: "2026-02-02", to: "2026-02-02" }],
    ["a time of making that is none", { madeAt: "now" }],
  ] as const)
    it(`${what} is refused`, async () => await expect(build("updates", [], request)).rejects.toMatchObject({ code: "INPUT_INVALID" }));
  for (const kind of ["invoices", "toString", "__proto__", ""])
    it(`a report on '${kind}' is refused`, async () => await expect(build(kind as ReportKind, [])).rejects.toMatchObject({ code: "INPUT_INVALID" }));
});

describe("faults", () => {
  it("a ledger that cannot be read to its end gives no report", async () => {
    async function* read() {
      yield* tellMonth().entries;
      throw new Error("the disk is gone");
    }
    await expect(buildReport("all", read(), REQUEST)).rejects.toThrow("the disk is gone");
  });
  it("entries that could not be read are said to be left out", async () => {
    const report = await build("all", [{} as LedgerEntry, ...tellMonth().entries]);
    expect(report.read.unreadable).toBe(1);
  });
});

describe("hostile texts", () => {
  const textsOf = (value: unknown): string[] => {
    if (typeof value === "string") return [value];
    return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsOf) : [];
  };
  it("are on one line, cut, and without control characters, marks of direction and half letters, in whatever form the report is written", async () => {
    const texts = textsOf(await build("all", tellHostile().entries));
    expect(texts).toContain("<script>alert(1)</script>");
    for (const text of texts) {
      expect(text).not.toMatch(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]|\p{Cc}/u);
      expect(text.isWellFormed()).toBe(true);
      expect(text.length).toBeLessThanOrEqual(300);
    }
  });
});

describe("in every ledger", () => {
  const act = fc.record({
    how: fc.constantFrom("commit", "refuse", "back", "supersede", "cancel", "open", "fail"),
    type: fc.constantFrom("patch", "security"),
    pauseMs: fc.integer({ min: -3_600_000, max: 10 * 86_400_000 }),
    isDetected: fc.boolean(),
  });
  const tellActs = (acts: readonly { how: string; type: string; pauseMs: number; isDetected: boolean }[]) => {
    const told = new ToldLedger("2026-02-20T00:00:00.000Z");
    for (const [index, { how, type, pauseMs, isDetected }] of acts.entries()) {
      const id = `u${index}`;
      if (isDetected) told.detect(`1.${index}.0`);
      told.after(pauseMs).begin(id, CODE, { versionTo: `1.${index}.0` });
      if (how === "commit") told.commit(id, CODE, { analyse: { updateType: type } });
      if (how === "refuse") told.refuse(id, "rehearse");
      if (how === "back") told.goBack(id);
      if (how === "supersede") told.done(id, ["analyse", "switch"]).write(id, ended("superseded"));
      if (how === "cancel") told.write(id, ended("cancelled"));
      if (how === "fail") told.write(id, failed("fetch")).write(id, ended("stuck-resolved"));
    }
    return told.entries;
  };
  const everyReport = (check: (report: Report) => void) =>
    fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 12 }), fc.constantFrom("2026-02-20", "2026-02-28", "2026-03-20"), async (acts, from) =>
        check(await build("all", tellActs(acts), { from })),
      ),
      { numRuns: 60 },
    );

  it("the totals are the sums of their parts", () =>
    everyReport((report) => {
      const sum = (ids: readonly string[]) => ids.reduce((total, id) => total + (amountOf(report, id) ?? Number.NaN), 0);
      const outcomes = sectionOf(report, "updates").figures.flatMap(({ id }) => (id.startsWith("outcome.") ? [id] : []));
      expect(sum(outcomes)).toBe(amountOf(report, "ended"));
      expect(sum(["ended", "open"])).toBe(tableOf(report, "updates").length);
      expect(sum(["failed.before", "failed.after"])).toBe(amountOf(report, "failed"));
      expect(sum(["security.committed", "security.failed", "security.calledOff", "security.open"])).toBe(amountOf(report, "security"));
      const sorts = tableOf(report, "sorts");
      expect(sorts.reduce((total, { all }) => total + Number(all), 0)).toBe(tableOf(report, "updates").length);
      for (const { all, committed, failed: bad, calledOff, open } of sorts)
        expect(Number(committed) + Number(bad) + Number(calledOff) + Number(open)).toBe(all);
      expect(tableOf(report, "failureCauses").reduce((total, { updates }) => total + Number(updates), 0)).toBe(amountOf(report, "failed"));
    }));

  it("the bars of a chart are together what they are of", () =>
    everyReport((report) => {
      const barsOf = (section: string, id: string) => {
        const chart = sectionOf(report, section).charts.find((each) => each.id === id);
        return chart?.kind === "bars" ? chart.bars.flatMap(({ values }) => values).reduce((total, value) => total + value, 0) : Number.NaN;
      };
      expect(barsOf("updates", "updates.ended")).toBe(amountOf(report, "ended"));
      expect(barsOf("failures", "failures.ended")).toBe(amountOf(report, "failed"));
      expect(barsOf("rollbacks", "rollbacks.ended")).toBe((amountOf(report, "rollbacks") ?? 0) + (amountOf(report, "rollbacks.byHand") ?? 0));
    }));

  it("a count has as many entries as it counts, where each is one", () =>
    everyReport((report) => {
      for (const id of ["detected", "started", "ended", "open", "failed", "rollbacks", "security", "quarantined"])
        expect([id, figureOf(report, id).countsEntries]).toEqual([id, true]);
      for (const { id, countsEntries, value, n, entries } of report.sections.flatMap(({ figures }) => figures))
        if (countsEntries) expect([id, value, n]).toEqual([id, entries.length, entries.length]);
    }));

  it("entries are ascending, each once, and those of figures are of the ledger", () =>
    everyReport((report) => {
      for (const { entries } of report.sections.flatMap(({ figures, tables }) => [...figures, ...tables.flatMap(({ rows }) => rows)]))
        expect(entries.every((index, place) => place === 0 || index > (entries[place - 1] ?? Number.NaN))).toBe(true);
      expect(report.entries.listed).toHaveLength(report.entries.total);
    }));

  it("a share lies in its interval, a median below the 90th percentile, and nothing takes less than no time", () =>
    everyReport((report) => {
      for (const { value, interval, unit } of report.sections.flatMap(({ figures }) => figures)) {
        if (interval !== null && value !== null) expect(interval.lower <= value && value <= interval.upper).toBe(true);
        if (value !== null) expect(value).toBeGreaterThanOrEqual(0);
        if (unit === "share" && value !== null) expect(value).toBeLessThanOrEqual(1);
      }
      for (const { charts } of report.sections)
        for (const chart of charts)
          if (chart.kind === "durations") for (const { medianMs, p90Ms, longestMs } of chart.rows) expect(medianMs <= p90Ms && p90Ms <= longestMs).toBe(true);
    }));

  it("a report is plain data that the protocol knows, and the same each time", () =>
    everyReport((report) => {
      expect(reportSchema.parse(JSON.parse(JSON.stringify(report)))).toEqual(report);
    }));
});
