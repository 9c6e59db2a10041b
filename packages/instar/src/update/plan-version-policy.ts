import type { UpdateType } from "@instar/protocol";

type Bump = "none" | "patch" | "minor" | "major" | "unknown" | "downgrade";

/** What people said about versions, as it is kept. It outlives restarts, updates and Instar itself. */
export interface VersionMarks {
  readonly pinned: Mark | null;
  readonly held: (Omit<Mark, "version"> & { readonly until: string | null }) | null;
  readonly skipped: readonly Mark[];
}

export interface Mark {
  readonly version: string;
  readonly by: string;
  readonly at: string;
  readonly because: string;
}

export const NO_MARKS: VersionMarks = { pinned: null, held: null, skipped: [] };

export interface VersionQuestion {
  readonly found: { readonly version: string; readonly commit: string };
  readonly running: { readonly version: string } | null;
  readonly bump: Bump;
  readonly kind: UpdateType;
  /** Which source offers it. */
  readonly source: string;
  readonly automatic: "never" | "patch" | "minor" | "major";
  readonly rules: readonly VersionRule[];
  readonly marks: VersionMarks;
  readonly nowMs: number;
  /** When updates began by themselves within the last 24 hours, ms of wall time, oldest first. */
  readonly begunMs: readonly number[];
  /** How many may within 24 hours; undefined: any number. */
  readonly perDay: number | undefined;
}

export interface VersionRule {
  readonly bump?: readonly Bump[] | undefined;
  readonly source?: readonly string[] | undefined;
  readonly kind?: readonly UpdateType[] | undefined;
  readonly proceed: "automatic" | "ask" | "never";
}

/** `automatic`: it may begin by itself; `ask`: a person begins it; `never`: it is dismissed; `later`: it may begin once `because` no longer holds. */
export type VersionRuling = { readonly proceed: "automatic" | "ask" | "never" | "later"; readonly because: string };

const DAY_MS = 86_400_000;

/** Whether a version may begin by itself: what people said of versions first, then the rules of instar.yaml, then how many began today. Pure. */
export function planVersionPolicy(question: VersionQuestion): VersionRuling {
  return judgeMarks(question) ?? judgeRules(question) ?? judgeAutomatic(question) ?? judgeDay(question) ?? { proceed: "automatic", because: "" };
}

/** What stands against a version whoever begins it; undefined where nothing does. */
export function findMarkAgainst(found: VersionQuestion["found"], marks: VersionMarks): string | undefined {
  const skipped = marks.skipped.find((mark) => isMeant(mark, found));
  if (skipped !== undefined) return `${skipped.by} skips ${skipped.version}${why(skipped)}; \`instar update unskip ${skipped.version}\` takes that back`;
  if (marks.pinned !== null && !isMeant(marks.pinned, found))
    return `${marks.pinned.by} pinned ${marks.pinned.version}${why(marks.pinned)}; \`instar update unpin\` takes that back`;
  return undefined;
}

function judgeMarks({ found, marks, nowMs }: VersionQuestion): VersionRuling | undefined {
  const against = findMarkAgainst(found, marks);
  if (against !== undefined) return { proceed: marks.skipped.some((mark) => isMeant(mark, found)) ? "never" : "later", because: against };
  const { held } = marks;
  if (held === null || (held.until !== null && Date.parse(held.until) <= nowMs)) return undefined;
  return {
    proceed: "later",
    because: `${held.by} holds updates${held.until === null ? "" : ` until ${held.until}`}${why(held)}; \`instar update unhold\` takes that back`,
  };
}

/** The same version as a person wrote it, with or without a v, with or without build metadata; or the commit by its first letters. */
function isMeant({ version }: Mark, found: VersionQuestion["found"]): boolean {
  const plain = (text: string) => text.replace(/^v(?=\d)/, "");
  const asked = plain(version);
  if (asked === plain(found.version) || (!asked.includes("+") && asked === plain(found.version).replace(/\+.*$/, ""))) return true;
  return /^[0-9a-f]{7,40}$/.test(version) && found.commit.startsWith(version);
}

const why = ({ because }: { because: string }) => (because === "" ? "" : ` (${because})`);

function judgeRules(question: VersionQuestion): VersionRuling | undefined {
  const at = question.rules.findIndex(
    (rule) => (rule.bump?.includes(question.bump) ?? true) && (rule.source?.includes(question.source) ?? true) && (rule.kind?.includes(question.kind) ?? true),
  );
  const rule = question.rules[at];
  if (rule === undefined) return undefined;
  if (rule.proceed === "automatic") return judgeDay(question) ?? { proceed: "automatic", because: "" };
  const says = `updates.rules[${at}] of instar.yaml says ${rule.proceed}`;
  return { proceed: rule.proceed, because: `it ${bumpInWords(question)}; ${says}${rule.proceed === "ask" ? ". `instar update apply` starts it" : ""}` };
}

const BUMPS: readonly Bump[] = ["none", "patch", "minor", "major"];

function judgeAutomatic(question: VersionQuestion): VersionRuling | undefined {
  const { bump, automatic } = question;
  const isAllowed = automatic !== "never" && BUMPS.includes(bump) && BUMPS.indexOf(bump) <= BUMPS.indexOf(automatic);
  if (isAllowed) return undefined;
  return {
    proceed: "ask",
    because: `it ${bumpInWords(question)}; instar.yaml lets ${inWords(automatic)} proceed by itself. \`instar update apply\` starts it`,
  };
}

function judgeDay({ begunMs, perDay, nowMs }: VersionQuestion): VersionRuling | undefined {
  const today = begunMs.filter((atMs) => atMs > nowMs - DAY_MS && atMs <= nowMs);
  if (perDay === undefined || today.length < perDay) return undefined;
  const freeMs = (today[today.length - perDay] ?? nowMs) + DAY_MS;
  return {
    proceed: "later",
    because: `${today.length} ${today.length === 1 ? "update" : "updates"} began within a day, and updates.perDay is ${perDay}: the next may begin at ${new Date(freeMs).toISOString()}`,
  };
}

function bumpInWords({ bump, running }: VersionQuestion): string {
  if (bump === "downgrade") return `is lower than ${running?.version}, which runs`;
  if (bump === "unknown") return `cannot be compared with ${running?.version}, which runs`;
  return bump === "none" ? "has the same version as what runs" : `is a ${bump} step from ${running?.version}`;
}

function inWords(automatic: VersionQuestion["automatic"]): string {
  return automatic === "never" ? "nothing" : automatic === "patch" ? "only patches" : `steps up to ${automatic}`;
}
