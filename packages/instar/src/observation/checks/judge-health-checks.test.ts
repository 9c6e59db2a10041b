import { CHECKS_AFTER, CHECKS_BEFORE } from "@instar/protocol";
import { describe, expect, it } from "vitest";
import { settingsSchema } from "../../settings/settings.ts";
import { decideHealthChecks } from "./decide-health-checks.ts";
import { type FactsAfter, type FactsBefore, judgeAfter, judgeBefore } from "./judge-health-checks.ts";

const MIB = 1_048_576;
const { rehearsal } = settingsSchema.parse({ version: 1, name: "demo", source: { git: "." }, agent: { start: ["true"] } });
const machine = {
  processors: 2,
  load: 0.4,
  pressure: { cpu: 1, memory: 0, io: 0 },
  availableBytes: 2_000 * MIB,
  totalBytes: 4_000 * MIB,
  files: { free: 900_000, total: 1_000_000 },
} as const;
const well = { verdict: "pass", because: "GET /health answered 200" } as const;
const whole = { path: "instar.db", kind: "whole", because: "SQLite finds it whole" } as const;
const before: FactsBefore = {
  machine,
  disk: { freeBytes: 900 * MIB, neededBytes: 100 * MIB },
  memory: { availableBytes: 900 * MIB, neededBytes: 100 * MIB },
  network: { sourceAnsweredAgoMs: 60_000, sourceBecause: "", checkEveryMs: 300_000, frontListens: true },
  service: { keeperAnswers: true, alive: true, health: well, restarts: 0 },
  database: { state: { directory: "/state", readable: true, because: "" }, copies: [{ ...whole, path: "agent.db" }], own: whole },
};
const schema = { path: "agent.db", userVersion: 3, digest: "abc" };
const after: FactsAfter = {
  machine,
  service: before.service,
  configuration: { checked: ["instar.yaml", "the environment file"], mistakes: [] },
  migration: { predicted: [schema], seen: [schema] },
  endpoints: [{ asked: "GET /health", report: well }],
  log: { old: "ERROR no mail\n", new: "ERROR no mail\n", patterns: rehearsal },
};
const beforeOf = (check: string, parts: Partial<FactsBefore>) => judgeBefore({ ...before, ...parts }).find((one) => one.check === check);
const afterOf = (check: string, parts: Partial<FactsAfter>) => judgeAfter({ ...after, ...parts }).find((one) => one.check === check);

describe("the checks of the specification", () => {
  it("are all made, in its order, and pass where all is well", () => {
    expect(judgeBefore(before).map(({ check, verdict }) => `${check} ${verdict}`)).toEqual(CHECKS_BEFORE.map((check) => `${check} pass`));
    expect(judgeAfter(after).map(({ check, verdict }) => `${check} ${verdict}`)).toEqual(CHECKS_AFTER.map((check) => `${check} pass`));
  });
});

describe("before an exchange", () => {
  const { service, network, database } = before as FactsBefore & { service: Exclude<FactsBefore["service"], { unknown: string }> };
  for (const [check, name, parts, verdict] of [
    ["system_health", "fails while everything waits for memory", { machine: { ...machine, pressure: { ...machine.pressure, memory: 45 } } }, "fail"],
    ["system_health", "fails without inodes", { machine: { ...machine, files: { free: 12, total: 1_000_000 } } }, "fail"],
    ["system_health", "is in doubt on a busy machine", { machine: { ...machine, load: 31 } }, "inconclusive"],
    [
      "system_health",
      "is in doubt while everything waits for the disk",
      { machine: { ...machine, pressure: { ...machine.pressure, io: 80 } } },
      "inconclusive",
    ],
    [
      "system_health",
      "passes where the system tells neither pressure nor load",
      { machine: { ...machine, load: null, files: null, pressure: { cpu: null, memory: null, io: null } } },
      "pass",
    ],
    ["system_health", "is an error where the machine could not be asked", { machine: { unknown: "no /proc" } }, "error"],
    ["disk_space", "fails a byte short", { disk: { freeBytes: 99, neededBytes: 100 } }, "fail"],
    ["disk_space", "passes with just enough", { disk: { freeBytes: 100, neededBytes: 100 } }, "pass"],
    ["disk_space", "is an error where it could not be asked", { disk: { unknown: "gone" } }, "error"],
    ["memory_available", "fails a byte short", { memory: { availableBytes: 99, neededBytes: 100 } }, "fail"],
    ["memory_available", "is an error where it could not be asked", { memory: { unknown: "gone" } }, "error"],
    ["network_connectivity", "fails where nothing listens at the front", { network: { ...network, frontListens: false } }, "fail"],
    ["network_connectivity", "passes by the front while upstream is away", { network: { ...network, sourceAnsweredAgoMs: 90_000_000 } }, "pass"],
    [
      "network_connectivity",
      "is in doubt without a front while upstream is away",
      { network: { ...network, frontListens: null, sourceAnsweredAgoMs: 90_000_000 } },
      "inconclusive",
    ],
    ["network_connectivity", "has no data where nobody ever answered", { network: { ...network, frontListens: null, sourceAnsweredAgoMs: null } }, "nodata"],
    ["service_status", "fails without the keeper", { service: { ...service, keeperAnswers: false } }, "fail"],
    ["service_status", "is in doubt about an agent that is down: the update may mend it", { service: { ...service, alive: false } }, "inconclusive"],
    ["service_status", "is in doubt about one that is not well", { service: { ...service, health: { verdict: "fail", because: "500" } } }, "inconclusive"],
    ["service_status", "is in doubt about one that keeps ending", { service: { ...service, restarts: 3 } }, "inconclusive"],
    ["service_status", "is an error where it could not be asked", { service: { unknown: "no keeper" } }, "error"],
    ["database_connection", "fails where Instar's own database is damaged", { database: { ...database, own: { ...whole, kind: "damaged" } } }, "fail"],
    [
      "database_connection",
      "fails where the state cannot be read",
      { database: { ...database, state: { directory: "/s", readable: false, because: "EACCES" } } },
      "fail",
    ],
    [
      "database_connection",
      "fails where a copied database is damaged",
      { database: { ...database, copies: [{ path: "a.db", kind: "damaged", because: "page 3" }] } },
      "fail",
    ],
    ["database_connection", "has no data where the agent has no state", { database: { ...database, state: null } }, "nodata"],
    ["database_connection", "is in doubt where no copy was made", { database: { ...database, copies: null } }, "inconclusive"],
    [
      "database_connection",
      "is in doubt where none could be checked",
      { database: { ...database, copies: [{ path: "a.db", kind: "passed-over", because: "it is too large" }] } },
      "inconclusive",
    ],
  ] as const satisfies readonly (readonly [string, string, Partial<FactsBefore>, string])[])
    it(`${check} ${name}`, () => expect(beforeOf(check, parts)?.verdict).toBe(verdict));

  it("says what is missing in mebibytes", () =>
    expect(beforeOf("disk_space", { disk: { freeBytes: 50 * MIB, neededBytes: 200 * MIB } })).toMatchObject({
      because: "50 MiB of disk space are free; this exchange takes 200 MiB",
      evidence: { freeMib: 50, neededMib: 200 },
    }));
});

describe("after an exchange", () => {
  const { service } = before as FactsBefore & { service: Exclude<FactsBefore["service"], { unknown: string }> };
  const silent = { verdict: "nodata", because: "no answer" } as const;
  for (const [check, name, parts, verdict] of [
    ["service_status", "fails where nothing runs", { service: { ...service, alive: false } }, "fail"],
    ["service_status", "fails where it is not well", { service: { ...service, health: { verdict: "fail", because: "500" } } }, "fail"],
    ["service_status", "never passes in silence", { service: { ...service, health: silent } }, "nodata"],
    ["service_status", "fails in a crash loop", { service: { ...service, restarts: 5 } }, "fail"],
    ["configuration_valid", "fails with a mistake", { configuration: { checked: ["instar.yaml"], mistakes: ["instar.yaml: front.port is taken"] } }, "fail"],
    ["configuration_valid", "is an error where it could not be read", { configuration: { unknown: "instar.yaml is gone" } }, "error"],
    [
      "database_migrated",
      "fails at another schema than the rehearsal saw",
      { migration: { predicted: [schema], seen: [{ ...schema, userVersion: 2 }] } },
      "fail",
    ],
    [
      "database_migrated",
      "is in doubt about other tables at the same schema: some are made at the first request",
      { migration: { predicted: [schema], seen: [{ ...schema, digest: "xyz" }] } },
      "inconclusive",
    ],
    ["database_migrated", "fails where the database is gone", { migration: { predicted: [schema], seen: [] } }, "fail"],
    [
      "database_migrated",
      "passes beside a database that the rehearsal did not make",
      { migration: { predicted: [schema], seen: [schema, { ...schema, path: "other.db" }] } },
      "pass",
    ],
    ["database_migrated", "has no data where nothing was rehearsed", { migration: null }, "nodata"],
    ["database_migrated", "has no data where there are no databases", { migration: { predicted: [], seen: [] } }, "nodata"],
    ["database_migrated", "is an error where it could not be looked at", { migration: { unknown: "no copy" } }, "error"],
    ["api_endpoints_responsive", "fails in silence: people meet it too", { endpoints: [{ asked: "GET /", report: silent }] }, "fail"],
    [
      "api_endpoints_responsive",
      "fails where one of two fails",
      {
        endpoints: [
          { asked: "GET /", report: well },
          { asked: "GET /x", report: { verdict: "fail", because: "500" } },
        ],
      },
      "fail",
    ],
    ["api_endpoints_responsive", "has no data without a port", { endpoints: null }, "nodata"],
    ["api_endpoints_responsive", "has no data where there is nothing to ask", { endpoints: [] }, "nodata"],
    ["log_no_errors", "fails on a line of a new kind", { log: { old: "", new: "TypeError: x\n", patterns: rehearsal } }, "fail"],
    ["log_no_errors", "is in doubt without an old log", { log: { old: null, new: "TypeError: x\n", patterns: rehearsal } }, "inconclusive"],
    ["log_no_errors", "has no data without a log", { log: null }, "nodata"],
    [
      "log_no_errors",
      "is an error where a pattern does not come to an end",
      { log: { old: "", new: `${"a".repeat(60)}!`, patterns: { logErrors: "^(a+)+$", ignoreLog: [] } } },
      "error",
    ],
  ] as const satisfies readonly (readonly [string, string, Partial<FactsAfter>, string])[])
    it(`${check} ${name}`, () => expect(afterOf(check, parts)?.verdict).toBe(verdict));
});

describe("what the checks decide", () => {
  it("lets a healthy exchange go on", () => {
    expect(decideHealthChecks(judgeBefore(before))).toEqual({ verdict: "pass", because: "6 of 6 checks pass", refusedBecause: null });
  });
  it("refuses by a required check that fails, and says which", () =>
    expect(decideHealthChecks(judgeBefore({ ...before, disk: { freeBytes: 0, neededBytes: MIB } })).refusedBecause).toBe(
      "disk_space: 0 MiB of disk space are free; this exchange takes 1 MiB",
    ));
  it("refuses by a required check that could not be asked", () =>
    expect(decideHealthChecks(judgeBefore({ ...before, service: { unknown: "the keeper's door is shut" } })).refusedBecause).toBe(
      "service_status: the keeper's door is shut",
    ));
  it("refuses nothing for what is only advised, or for what the agent does not have", () => {
    expect(decideHealthChecks(judgeBefore({ ...before, network: { ...before.network, frontListens: false } })).refusedBecause).toBeNull();
    expect(decideHealthChecks(judgeBefore({ ...before, database: { ...before.database, state: null } })).refusedBecause).toBeNull();
    expect(decideHealthChecks(judgeAfter({ ...after, endpoints: null, migration: null, log: null })).refusedBecause).toBeNull();
  });
  it("does not call it a pass where a required check has no data", () =>
    expect(decideHealthChecks(judgeBefore({ ...before, database: { ...before.database, state: null } })).verdict).toBe("nodata"));
  it("does not put a version back for what the machine does", () =>
    expect(decideHealthChecks(judgeAfter({ ...after, machine: { unknown: "no /proc" } })).refusedBecause).toBeNull());
  it("refuses where nothing was checked at all", () => expect(decideHealthChecks([]).refusedBecause).toBe("no health check was made"));
});
