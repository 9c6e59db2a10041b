import type { PolicyContext } from "./policy-request.ts";
import type { UpdateFacts } from "./update-facts.ts";

/** A patch of low impact that passed everything: what tests of policies and the table change one fact of at a time. */
export const HARMLESS_UPDATE: UpdateFacts = {
  kind: "code",
  trigger: "found",
  startedBy: "system",
  starter: "instar",
  updateType: "patch",
  bump: "patch",
  impactLevel: "low",
  risk: "low",
  score: 10,
  touches: [],
  weakens: [],
  dependencies: 0,
  installScripts: false,
  failedChecks: [],
  tests: "pass",
  rehearsal: "pass",
  isConfined: true,
  untested: false,
  quarantined: false,
  lessons: 0,
  origin: "none",
  originBy: "",
  authors: [],
};

/** What instar.yaml says where it says nothing, at a time with nothing against it. */
export const PLAIN_CONTEXT: PolicyContext = {
  settings: { automaticRank: 1, approvalFor: ["critical", "high"], riskLimit: 2, quorum: 1, accepts: ["none"] },
  calendar: { frozen: false, outsideWindows: false },
};
