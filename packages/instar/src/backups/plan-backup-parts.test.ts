import { describe, expect, it } from "vitest";
import { type BackupSources, planBackupParts, planConfigRoots } from "./plan-backup-parts.ts";

const ALL: BackupSources = { hasCode: true, hasConfig: true, hasData: true, databases: 1 };

describe("a backup is made of", () => {
  it.each([
    ["everything there is, where nothing is asked for", { kind: "full" as const }, ALL, ["code", "config", "data", "database"]],
    ["what there is, where something is not", { kind: "incremental" as const }, { ...ALL, hasData: false, databases: 0 }, ["code", "config"]],
    ["data and databases alone, where only the state is wanted", { kind: "state-only" as const }, ALL, ["data", "database"]],
    ["what is asked for, in its own order", { kind: "full" as const, components: ["data", "code"] as const }, ALL, ["code", "data"]],
  ])("%s", (_, asked, sources, components) => expect(planBackupParts(asked, sources)).toEqual({ kind: "planned", components }));

  it.each([
    ["code from a state-only backup", { kind: "state-only" as const, components: ["code"] as const }, ALL, /state-only backup has no code/],
    ["a database that instar.yaml does not name", { kind: "full" as const, components: ["database"] as const }, { ...ALL, databases: 0 }, /names no database/],
    ["a state that is not there", { kind: "full" as const, components: ["config", "data"] as const }, { ...ALL, hasData: false }, /no state folder/],
    ["nothing at all", { kind: "state-only" as const }, { ...ALL, hasData: false, databases: 0 }, /no state folder.*names no database/],
  ])("and is refused where it is asked for %s", (_, asked, sources, because) =>
    expect(planBackupParts(asked, sources)).toEqual({ kind: "refused", because: expect.stringMatching(because) }),
  );
});

describe("configuration", () => {
  it("lies in a backup as it lies beside instar.yaml, and what is elsewhere under a name of its own", () =>
    expect(planConfigRoots("/srv/agent", ["instar.yaml", "conf/", "/etc/agent.env", "../shared/a.yaml"])).toEqual([
      { name: "instar.yaml", path: "/srv/agent/instar.yaml" },
      { name: "conf", path: "/srv/agent/conf" },
      { name: "outside/2-agent.env", path: "/etc/agent.env" },
      { name: "outside/3-a.yaml", path: "/srv/shared/a.yaml" },
    ]));
  it("is not taken twice where one path lies in another", () =>
    expect(planConfigRoots("/srv/agent", ["conf/prompts/a.md", "conf", "./conf/", "confer"]).map(({ name }) => name)).toEqual(["conf", "confer"]));
});
