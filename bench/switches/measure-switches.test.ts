import { describe, expect, it } from "vitest";
import { planRun } from "../plan-run.ts";
import type { SwitchFigures } from "./measure-load.ts";
import { summariseSwitches } from "./measure-switches.ts";

const figures: SwitchFigures = {
  requests: 1_000,
  failures: [],
  toldToReconnect: 20,
  steadyMedianMs: 1,
  steadyP99Ms: 4,
  duringP99Ms: 8,
  betweenP99Ms: 6,
  clientsLateP99Ms: 0.2,
};
const broken: SwitchFigures = { ...figures, failures: [{ of: "GET", because: "ECONNRESET" }] };
const instar = {
  strategy: "blue-green" as const,
  switches: figures,
  switchMs: 300,
  rollbackMs: 250,
  replacements: "this version has no `instar keeper replace`",
  kills: { figures: broken, awayS: 0.9 },
};
const plan = planRun({ quick: true }).switches;

describe("the switches", () => {
  it("are told beside each peer, and a peer that is not there says why", () => {
    const peers = new Map<"nginx" | "pm2", { figures: SwitchFigures; switchMs: number } | string>([
      ["nginx", { figures: broken, switchMs: 100 }],
      ["pm2", "not installed"],
    ]);
    const { rows } = summariseSwitches(plan, instar, peers);
    const failed = rows.filter(({ what }) => what === "of those failed");
    expect(failed).toEqual([
      { what: "of those failed", unit: "failed", ours: 0, peer: 1, peerName: "nginx reload", ratio: 0, note: "peer: 1x ECONNRESET (GET)" },
      { what: "of those failed", unit: "failed", ours: 0, peer: null, peerName: "PM2 cluster reload", ratio: null, note: "not installed" },
    ]);
    expect(rows.find(({ what, peerName }) => what === "switch, median" && peerName === "nginx reload")).toMatchObject({ ours: 300, peer: 100, ratio: 3 });
  });

  it("keep what a killed keeper cost out of the bar for switches", () => {
    const found = summariseSwitches(plan, instar, new Map());
    expect(found).toMatchObject({ failedInSwitches: 0, failedInReplacements: null, p99Ratio: 2, awayAfterKillS: 0.9 });
    expect(found.rows.find(({ what }) => what.includes("SIGKILLs"))).toMatchObject({ ours: 1 });
  });

  it("say why keepers were not replaced", () => {
    const { rows } = summariseSwitches(plan, instar, new Map());
    for (const row of rows.filter(({ what }) => what.includes("replacement")))
      expect(row).toMatchObject({ ours: null, note: expect.stringContaining("has no") });
  });

  it("say why where Instar or its killed keeper could not be measured, and no bar is met by that", () => {
    const broken = summariseSwitches(plan, "could not be measured: no disk", new Map([["nginx", { figures, switchMs: 100 }]] as const));
    expect(broken.rows.find(({ what }) => what === "of those failed")).toMatchObject({ ours: null, peer: 0, note: "Instar: could not be measured: no disk" });
    expect(broken.failedInSwitches).toBeNull();
    const unkilled = summariseSwitches(plan, { ...instar, kills: "could not be measured: it lives" }, new Map());
    expect(unkilled).toMatchObject({ failedInSwitches: 0, awayAfterKillS: null });
    expect(unkilled.rows.find(({ what }) => what.includes("SIGKILLs"))).toMatchObject({ ours: null, note: "could not be measured: it lives" });
  });

  it("have rows also where Instar was left out", () => {
    const { rows, failedInSwitches } = summariseSwitches(plan, undefined, new Map([["nginx", { figures, switchMs: 100 }]] as const));
    expect(rows.find(({ what }) => what === "of those failed")).toMatchObject({ ours: null, peer: 0, peerName: "nginx reload" });
    expect(failedInSwitches).toBeNull();
  });
});

describe("the parts of a run", () => {
  it("are all of them, or those that are named", () => {
    expect(planRun({ quick: false })).toMatchObject({ switches: { switches: 20, keeperReplacements: 5 }, throughput: { rounds: 5 } });
    expect(planRun({ quick: false, only: "nginx,pm2" })).toMatchObject({ switches: { subjects: ["pm2", "nginx"] }, throughput: undefined });
  });

  it("must be there", () => {
    expect(() => planRun({ quick: false, only: "nginx,caddy" })).toThrow("no part called caddy");
  });
});
