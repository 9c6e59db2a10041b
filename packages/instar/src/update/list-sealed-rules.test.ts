import { expect, it } from "vitest";
import { readPolicySet } from "../governance/policy/policy-set.ts";
import { settingsSchema } from "../settings/settings.ts";
import { listSealedRules } from "./list-sealed-rules.ts";

const BASE = { version: 1, name: "demo", source: { git: "/nowhere" }, agent: { start: ["true"], port: "none" } };
const sealed = (own: string, more: object = {}) =>
  listSealedRules({
    settings: settingsSchema.parse({ ...BASE, ...more }),
    settingsFolder: "/home/ada/agent",
    readPolicies: async () => readPolicySet(own === "" ? [] : [{ file: "own.cedar", text: own }], { shipped: true }),
  });
const RULES = ["/home/ada/agent/instar.yaml", "/home/ada/agent/policy"];

it.each<[string, string, object, string[]]>([
  ["nothing where no passkey is wanted", "", {}, []],
  [
    "instar.yaml and the policies where a policy wants one",
    '@passkey("required") permit (principal, action == Instar::Action::"proceedWithApproval", resource) when { resource.kind == "code" };',
    {},
    RULES,
  ],
  ["the same where instar.yaml does", "", { approvals: { passkey: "required" } }, RULES],
  ["the same while a mistake hides what they want", "permit (oh);", {}, RULES],
  [
    "the folder that instar.yaml names",
    "",
    { approvals: { passkey: "required" }, policy: { folder: "/etc/instar" } },
    ["/home/ada/agent/instar.yaml", "/etc/instar"],
  ],
])("seals %s", async (_, own, more, expected) => expect(await sealed(own, more)).toEqual(expected));
