import { z } from "zod";
import { type PolicySet, parsePolicySet } from "../../governance/policy/policy-set.ts";
import type { StepRooms } from "../step-rooms.ts";

/** Keeps the texts of the policies that decide, so that the decision can be computed again when they have long been changed. Gives their digest. */
export function keepPolicies({ documents, clock }: Pick<StepRooms, "documents" | "clock">, set: PolicySet): string {
  return documents.keep(JSON.stringify(set.texts.map(({ file, text }) => [file, text])), new Date(clock.wallMs()).toISOString());
}

const texts = z.array(z.tuple([z.string(), z.string()]));

/** The policies that decided, as they were then; undefined where they were never kept. */
export function readKeptPolicies({ documents }: Pick<StepRooms, "documents">, digest: string): PolicySet | undefined {
  const body = documents.read(digest);
  if (body === undefined) return undefined;
  return parsePolicySet(texts.parse(JSON.parse(body)).map(([file, text]) => ({ file, text })));
}
