import type { Role } from "@instar/protocol";
import type { EntityJson } from "./cedar.ts";
import { bumpRank, impactRank, riskRank, type UpdateFacts } from "./update-facts.ts";

/** What of the settings policies may look at, and the calendar at the time of asking. */
export interface PolicyContext {
  readonly settings: {
    readonly automaticRank: number;
    readonly approvalFor: string[];
    readonly riskLimit: number;
    readonly quorum: number;
    readonly accepts: string[];
    /** approvals.passkey: required. No fact for policies: it stands beside what they say. */
    readonly passkey?: true;
  };
  readonly calendar: { readonly frozen: boolean; readonly outsideWindows: boolean };
}

type Value = string | number | boolean | readonly Value[] | { readonly [key: string]: Value };

/** One question to the policies, as Cedar takes it. */
export interface PolicyRequest {
  readonly principal: { readonly type: string; readonly id: string };
  readonly action: string;
  readonly resource: { readonly type: string; readonly id: string };
  readonly context: { readonly [key: string]: Value };
  readonly entities: readonly EntityJson[];
}

/** Whether an update may be exchanged, asked for whoever started it. */
export function planProceedRequest(
  action: "proceed" | "proceedWithApproval",
  facts: UpdateFacts,
  { settings: { passkey: _, ...settings }, calendar }: PolicyContext,
): PolicyRequest {
  const principal =
    facts.startedBy === "system"
      ? { type: "Instar::Daemon", id: "instar" }
      : { type: facts.startedBy === "agent" ? "Instar::Agent" : "Instar::Person", id: facts.starter };
  const named = facts.startedBy === "system" ? [] : [{ uid: principal, attrs: { name: facts.starter }, parents: [] }];
  return { principal, action, resource: UPDATE, context: { settings: { ...settings }, calendar: { ...calendar } }, entities: [...named, updateEntity(facts)] };
}

export interface Asking {
  readonly name: string;
  readonly role: Role;
}

/** Whether somebody may do one thing of the protocol. */
export function planOperationRequest(who: Asking, operation: string): PolicyRequest {
  const principal = { type: who.role === "agent" ? "Instar::Agent" : "Instar::Person", id: who.name };
  return { principal, action: operation, resource: { type: "Instar::Instance", id: "this" }, context: {}, entities: [whoEntity(principal, who)] };
}

export interface AnswerContext {
  /** The change is his own. */
  readonly isAuthor: boolean;
  /** He started the update. */
  readonly isStarter: boolean;
  /** How many other people there are who may answer. */
  readonly others: number;
}

/** Whether somebody may answer for an update that waits for a person. */
export function planAnswerRequest(who: Asking, operation: string, facts: UpdateFacts, { isAuthor, isStarter, others }: AnswerContext): PolicyRequest {
  return {
    ...planOperationRequest(who, operation),
    resource: UPDATE,
    context: { isAuthor, isStarter, others },
    entities: [...planOperationRequest(who, operation).entities, updateEntity(facts)],
  };
}

const UPDATE = { type: "Instar::Update", id: "this" };

function whoEntity(uid: { type: string; id: string }, { name, role }: Asking): EntityJson {
  return { uid, attrs: { name }, parents: [{ type: "Instar::Role", id: role }] };
}

function updateEntity({ authors: _, score, ...facts }: UpdateFacts): EntityJson {
  return {
    uid: UPDATE,
    attrs: { ...facts, score: Math.round(score), bumpRank: bumpRank(facts.bump), impactRank: impactRank(facts.impactLevel), riskRank: riskRank(facts.risk) },
    parents: [],
  };
}
