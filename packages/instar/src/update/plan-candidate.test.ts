import { describe, expect, it } from "vitest";
import type { EndedUpdate } from "./fold-standing.ts";
import type { UpdateId } from "./journal-entry.ts";
import { type CandidateQuestion, planCandidate } from "./plan-candidate.ts";
import { NO_MARKS, planVersionPolicy, type VersionQuestion } from "./plan-version-policy.ts";
import { START } from "./tell-journal.testing.ts";

const NEW = { commit: "bbbbbbbbbbbbbbbb", version: "1.1.0", ref: "refs/heads/main", source: "git" };
const RUNNING = { commit: "aaaaaaaaaaaaaaaa", version: "1.0.0", source: "git" };
type Parts = Partial<CandidateQuestion & Pick<VersionQuestion, "bump" | "automatic" | "marks" | "rules">>;
const ask = ({ bump = "patch", automatic = "patch", marks = NO_MARKS, rules = [], ...parts }: Parts = {}) => {
  const question = { found: NEW, running: RUNNING, refused: null, hasTests: true, ended: [], breakerBecause: null, underWay: null, ...parts };
  const { found, running } = question;
  const ruling = planVersionPolicy({
    found,
    running,
    bump,
    automatic,
    marks,
    rules,
    source: found.source,
    kind: "patch",
    nowMs: 0,
    begunMs: [],
    perDay: undefined,
  });
  const { decision, because } = planCandidate({ ...question, ruling });
  return `${decision}: ${because}`;
};
const tried = (outcome: EndedUpdate["outcome"], parts: Partial<EndedUpdate["start"]> = {}): EndedUpdate => ({
  update: "u" as UpdateId,
  start: { ...START, commit: NEW.commit, ...parts },
  outcome,
  because: "its tests fail",
  given: {},
  isCancelled: false,
  gaveWay: false,
  failure: null,
  at: "2026-11-01T00:00:00.000Z",
  servedAt: null,
});

describe("what to do about what upstream has", () => {
  const name = "1.1.0 (bbbbbbbbbb)";
  const by = "`instar update apply` starts it";
  for (const [story, parts, answer] of [
    ["starts what is new", {}, `start: ${name} is new`],
    ["starts the first version, whatever may proceed by itself", { running: null, automatic: "never" }, `start: ${name} is the first version`],
    [
      "waits with the first version while it is put in place",
      { running: null, underWay: { ...RUNNING, keepsItsPlace: "" } },
      "hold: the first version is still being put in place",
    ],
    [
      "waits for a person where the breaker is open",
      { breakerBecause: "the last 3 updates had to go back" },
      `hold: ${name} is new, but the last 3 updates had to go back`,
    ],
    [
      "waits for a person where there are no tests",
      { hasTests: false },
      `hold: ${name} is new, but instar.yaml names no tests, and without tests nothing proceeds by itself. \`instar update apply --untested\` takes it`,
    ],
    [
      "does nothing about what runs",
      { running: { commit: NEW.commit, version: "1.1.0", source: "git" } },
      "nothing: upstream has nothing newer than 1.1.0, which runs",
    ],
    [
      "does nothing about what is under way",
      { underWay: { commit: NEW.commit, version: "1.1.0", keepsItsPlace: "", source: "git" } },
      `nothing: ${name} is under way`,
    ],
    [
      "waits behind another update",
      { underWay: { commit: "cccc", version: "1.0.1", keepsItsPlace: "", source: "git" } },
      `hold: ${name} waits until the update to 1.0.1 has ended`,
    ],
    [
      "takes the place of one that is only watched",
      { underWay: { commit: "cccc", version: "1.0.1", keepsItsPlace: null, source: "git" } },
      `start: ${name} is new and takes the place of 1.0.1, which had not been committed`,
    ],
    [
      "says why the update under way keeps its place",
      { underWay: { commit: "cccc", version: "1.0.1", keepsItsPlace: ": people let it on", source: "git" } },
      `hold: ${name} waits until the update to 1.0.1 has ended: people let it on`,
    ],
    [
      "takes the place of what another source brought, where it is ahead",
      { found: { ...NEW, source: "npm" }, underWay: { commit: "cccc", version: "1.0.1", keepsItsPlace: null, source: "git" } },
      `start: ${name} is new and takes the place of 1.0.1, which had not been committed`,
    ],
    [
      "waits where it is behind what another source brought",
      { found: { ...NEW, source: "npm" }, underWay: { commit: "cccc", version: "1.1.1", keepsItsPlace: null, source: "git" } },
      `hold: ${name} waits until the update to 1.1.1 has ended, which npm is not known to be ahead of`,
    ],
    [
      "waits where its version does not tell which is newer",
      { found: { ...NEW, source: "npm" }, underWay: { commit: "cccc", version: "abc", keepsItsPlace: null, source: "git" } },
      `hold: ${name} waits until the update to abc has ended, which npm is not known to be ahead of`,
    ],
    ["starts again what gave way to something newer that is gone", { ended: [{ ...tried("cancelled"), gaveWay: true }] }, `start: ${name} is new`],
    [
      "does not forget what was found of it before it gave way",
      { ended: [tried("refused"), { ...tried("cancelled"), gaveWay: true }] },
      `dismiss: ${name} was tried and refused: its tests fail`,
    ],
    ["dismisses what was rolled back", { ended: [tried("rolled-back")] }, `dismiss: ${name} was tried and rolled-back: its tests fail`],
    ["dismisses what was refused", { ended: [tried("refused")] }, `dismiss: ${name} was tried and refused: its tests fail`],
    ["dismisses what was cancelled", { ended: [tried("cancelled")] }, `dismiss: ${name} was tried and cancelled: its tests fail`],
    ["dismisses what ran and was left", { ended: [tried("committed")] }, `dismiss: ${name} ran before and was left; \`instar update apply\` takes it again`],
    [
      "dismisses what was superseded and is offered again",
      { ended: [tried("superseded")] },
      `dismiss: ${name} ran before and was left; \`instar update apply\` takes it again`,
    ],
    ["goes by the last try", { ended: [tried("cancelled"), tried("refused")] }, `dismiss: ${name} was tried and refused: its tests fail`],
    ["does not take a going back for a try", { ended: [tried("committed", { trigger: "rollback" })] }, `start: ${name} is new`],
    [
      "does nothing about the release that runs, when another source offers it too",
      { found: { ...NEW, source: "npm" }, running: { ...RUNNING, version: "1.1.0" } },
      "nothing: npm has 1.1.0; 1.1.0 runs already, from git",
    ],
    [
      "does nothing about the release that is under way from another source",
      { found: { ...NEW, source: "npm" }, underWay: { commit: "cccc", version: "1.1.0", keepsItsPlace: null, source: "git" } },
      "nothing: 1.1.0 is under way already, from git",
    ],
    [
      "does nothing about a source that is behind what another one brought",
      { found: { ...NEW, source: "npm", version: "0.9.0" }, bump: "downgrade" },
      "nothing: npm has 0.9.0; 1.0.0 runs already, from git",
    ],
    [
      "starts what was changed in a folder under the same version",
      { found: { ...NEW, source: "files" }, running: { ...RUNNING, version: "1.1.0" }, bump: "none" },
      `start: ${name} is new`,
    ],
    [
      "dismisses what its source will not vouch for",
      { refused: { because: "npm says that it is deprecated: broken", byPerson: false } },
      `dismiss: ${name} is not taken: npm says that it is deprecated: broken`,
    ],
    [
      "waits for a person where history was rewritten",
      { refused: { because: "its history was rewritten", byPerson: true } },
      `hold: ${name} is not taken: its history was rewritten`,
    ],
    ["does not take another commit's try for its own", { ended: [tried("refused", { commit: "dddd" })] }, `start: ${name} is new`],
    [
      "holds a lower version",
      { bump: "downgrade", automatic: "major" },
      `hold: ${name} is lower than 1.0.0, which runs; instar.yaml lets steps up to major proceed by itself. ${by}`,
    ],
    [
      "holds what cannot be compared",
      { bump: "unknown", automatic: "major" },
      `hold: ${name} cannot be compared with 1.0.0, which runs; instar.yaml lets steps up to major proceed by itself. ${by}`,
    ],
    [
      "holds everything where nothing may proceed",
      { bump: "none", automatic: "never" },
      `hold: ${name} has the same version as what runs; instar.yaml lets nothing proceed by itself. ${by}`,
    ],
    ["holds too large a step", { bump: "minor" }, `hold: ${name} is a minor step from 1.0.0; instar.yaml lets only patches proceed by itself. ${by}`],
    [
      "says the step's size before the update it would wait for",
      { bump: "major", automatic: "minor", underWay: { commit: "cccc", version: "1.0.1", keepsItsPlace: null, source: "git" } },
      `hold: ${name} is a major step from 1.0.0; instar.yaml lets steps up to minor proceed by itself. ${by}`,
    ],
  ] as const satisfies readonly (readonly [string, Parts, string])[])
    it(story, () => expect(ask(parts)).toBe(answer));

  const bumps = ["none", "patch", "minor", "major", "unknown", "downgrade"] as const;
  for (const [automatic, proceeds] of [
    ["never", []],
    ["patch", ["none", "patch"]],
    ["minor", ["none", "patch", "minor"]],
    ["major", ["none", "patch", "minor", "major"]],
  ] as const)
    it(`lets ${proceeds.length === 0 ? "nothing" : proceeds.join(", ")} proceed by itself under '${automatic}'`, () =>
      expect(bumps.filter((bump) => ask({ bump, automatic }).startsWith("start"))).toEqual(proceeds));
});
