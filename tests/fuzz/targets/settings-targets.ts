import { InstarError, OPERATIONS } from "@instar/protocol";
import { parseEditPlan } from "../../../packages/instar/src/edits/parse-edit-plan.ts";
import { parsePointer } from "../../../packages/instar/src/edits/parse-pointer.ts";
import { setValues } from "../../../packages/instar/src/edits/set-values.ts";
import { parseInput } from "../../../packages/instar/src/faces/parse-input.ts";
import { parseExpiry } from "../../../packages/instar/src/governance/access/parse-expiry.ts";
import { parseScope } from "../../../packages/instar/src/governance/access/parse-scope.ts";
import { findTokenSecrets, makeTokenSecret, readTokenId } from "../../../packages/instar/src/governance/access/token-secret.ts";
import { nextRuns, parseSchedule } from "../../../packages/instar/src/schedule/parse-schedule.ts";
import { parseEnvironmentFile } from "../../../packages/instar/src/settings/parse-environment-file.ts";
import { parseSettings } from "../../../packages/instar/src/settings/parse-settings.ts";
import { assertHolds, type FuzzTarget, jsonOf, seedOf, textOf } from "../fuzz-target.ts";

const SETTINGS = `version: 1
name: ana
source:
  git: https://example.org/ana.git
agent:
  start: &start [node, server.js]
  environment: { A: yes, B: "1" }
front:
  port: 3000
state:
  kind: none
watch: { requests: 10 }
`;
const PLAN = `because: a reason
edits:
  - set: config/app.json
    values: { /a/b: 1, /c~1d: [x] }
    remove: [/e]
  - write: notes.txt
    content: hello
    mode: "0640"
  - delete: old.txt
    expect: absent
  - directory: state
  - restart: true
`;
const ENVIRONMENT = `# a comment\nexport A=1\nB="two\\n lines $X"\nC='as is'\nD= trimmed # not this\n`;
const EDIT = { values: { "/A": "new", "/N": 1 }, remove: ["/B"] };
const NOW_MS = Date.UTC(2026, 0, 2);
const TOKEN = makeTokenSecret("23456789");

export const SETTINGS_TARGETS: readonly FuzzTarget[] = [
  {
    name: "settings",
    tasteInputs: 50,
    seeds: [
      seedOf(SETTINGS),
      seedOf(SETTINGS.replace("watch:", "build: { command: *start }\nwatch:")),
      seedOf(SETTINGS.replace("{ requests: 10 }", "&x { requests: *x }")),
    ],
    parse: (bytes) => parseSettings(textOf(bytes), "instar.yaml"),
  },
  {
    name: "environment-file",
    seeds: [seedOf(ENVIRONMENT)],
    parse: (bytes) => {
      for (const [name, value] of Object.entries(parseEnvironmentFile(textOf(bytes), ".env")))
        assertHolds(/^[A-Za-z_]\w*$/.test(name) && !value.includes("\0"), "a variable can be given to a program");
    },
  },
  {
    name: "edit-plan",
    tasteInputs: 100,
    seeds: [
      seedOf(PLAN),
      seedOf("because: why\nedits: [{ write: a/../../b, content: x }, { delete: ../c }]\n"),
      seedOf("because: why\nedits:\n  - set: a.json\n    values: { /a: &x [*x], /b: *x }\n"),
    ],
    parse: (bytes) => {
      for (const { path } of parseEditPlan(textOf(bytes)).edits) assertHolds(!path.split("/").includes(".."), "no path goes up");
    },
  },
  {
    name: "json-pointer",
    seeds: [seedOf("/a/b~1c/~0d")],
    parse: (bytes) => {
      const keys = parsePointer(textOf(bytes));
      if (keys === undefined) return;
      const written = keys.map((key) => `/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
      assertHolds(written === textOf(bytes), "a pointer is written in one way only");
    },
  },
  {
    name: "set-in-json",
    seeds: [seedOf('{\n  "A": "old",\n  "B": [1, {"c": 12345678901234567890}],\n  "D": null\n}\n')],
    parse: (bytes) => setValues(bytes, "a.json", EDIT),
  },
  {
    name: "set-in-yaml",
    tasteInputs: 50,
    seeds: [seedOf("# a comment\nA: old\nB: [1, { c: 2 }]\nD: &x\n  - 1\nE: *x\n"), seedOf("A: &x [*x]\n")],
    parse: (bytes) => setValues(bytes, "a.yaml", EDIT),
  },
  { name: "set-in-environment", seeds: [seedOf(ENVIRONMENT)], parse: (bytes) => setValues(bytes, ".env", EDIT) },
  {
    name: "schedule",
    tasteInputs: 100,
    seeds: ["0 3 * * *", "*/20 0-5,7 L * MON-FRI#2", "0 0 29 2 *", "@daily"].map(seedOf),
    parse: (bytes) => {
      const times = nextRuns(parseSchedule({ cron: textOf(bytes), timeZone: "Europe/Berlin" }, NOW_MS), NOW_MS, 3);
      for (const ms of times) assertHolds(ms > NOW_MS, "what comes next comes later");
    },
  },
  {
    name: "schedule-words",
    seeds: [seedOf("6h"), seedOf("Europe/Berlin")],
    parse: (bytes) => {
      for (const written of [{ every: textOf(bytes) }, { cron: "0 3 * * *", timeZone: textOf(bytes) }])
        try {
          nextRuns(parseSchedule(written, NOW_MS), NOW_MS, 1);
        } catch (error) {
          if (!InstarError.is(error)) throw error;
        }
    },
  },
  {
    name: "token-words",
    tasteInputs: 50,
    seeds: ["30d", "2027-01-31T12:00Z", "never", TOKEN, "update.*,status"].map(seedOf),
    parse: (bytes) => {
      const text = textOf(bytes);
      const id = readTokenId(text);
      if (id !== undefined) assertHolds(findTokenSecrets(`"${text}"`).includes(text), "what opens a door is known for what it is");
      for (const parse of [() => parseExpiry(text, NOW_MS), () => parseScope(text, "agent")])
        try {
          parse();
        } catch (error) {
          if (!InstarError.is(error)) throw error;
        }
    },
  },
  {
    name: "operation-input",
    tasteInputs: 100,
    seeds: [
      ...[
        { update: "u1", because: "why" },
        { name: "a", cron: "0 3 * * *", type: "webhook", url: "https://example.org" },
        { from: "1", to: "2", format: "json", limit: 3 },
      ].map(seedOf),
      seedOf({ to: "1.0.0", confirm: "true", components: ["code"], role: "agent", expires: "30d" }),
    ],
    parse: (bytes) => {
      const raw = jsonOf(bytes);
      for (const operation of OPERATIONS)
        try {
          parseInput(operation, raw);
        } catch (error) {
          if (!InstarError.is(error, "INPUT_INVALID")) throw error;
        }
    },
  },
];
