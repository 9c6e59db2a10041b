import { describe, expect, it } from "vitest";
import type { KeeperReport } from "../keeper/keeper-control.ts";
import { settingsSchema } from "../settings/settings.ts";
import { readDoorRole } from "./read-door-role.ts";

const slot = (alive: boolean, isSandboxed: boolean) => ({ alive, isSandboxed });
const roleOf = async (settings: object, slots: object | Error) => {
  const state = async () => {
    if (slots instanceof Error) throw slots;
    return { slots } as KeeperReport;
  };
  const parsed = settingsSchema.parse({
    ...{ version: 1, name: "demo", source: { git: "/nowhere" }, tests: { command: "true" } },
    ...settings,
    agent: { start: ["true"], port: "none", ...("agent" in settings ? (settings.agent as object) : {}) },
  });
  return readDoorRole({ settings: parsed, rooms: { keeper: { state } } as unknown as Parameters<typeof readDoorRole>[0]["rooms"] });
};
const SANDBOXED = { agent: { sandbox: { level: "sandboxed" } } };
const IDLE = { blue: slot(true, true), green: slot(false, false) };

describe("the role of the instance's own door, by what is configured and by what runs:", () => {
  it("admin, where the agent and its jobs are confined", async () => expect(await roleOf(SANDBOXED, IDLE)).toMatchObject({ role: "admin" }));
  it.each<[string, object, object | Error]>([
    ["the agent is open", {}, IDLE],
    ["the old version still runs open", SANDBOXED, { blue: slot(true, true), green: slot(true, false) }],
    ["the keeper is away", SANDBOXED, new Error("away")],
    ["jobs may be weaker", { ...SANDBOXED, sandbox: { weaker: "allowed" } }, IDLE],
    ["a job need not be kept from files", { ...SANDBOXED, sandbox: { least: { rehearse: ["network"] } } }, IDLE],
  ])("operator, where %s", async (_, settings, slots) => expect(await roleOf(settings, slots)).toMatchObject({ role: "operator" }));
});
