import { z } from "zod";
import { quoteText } from "../../../platform/plain-text.ts";

/** The statement that is wanted. Older packages have v0.2, which says the same in other places. */
export const SLSA_PROVENANCE = "https://slsa.dev/provenance/v1";

/** A bundle of a workflow is some ten kilobytes. */
const MOST_BYTES = 2 * 1_024 ** 2;

/** npm gives two: the provenance, and what the registry itself says of publishing. */
const MOST_ATTESTATIONS = 16;

const attestations = z.object({ attestations: z.array(z.object({ predicateType: z.string(), bundle: z.unknown() })) });

/**
 * The provenance in a registry's document of attestations. What the registry attests of itself is passed over: its signature says as much.
 * The kinds that are written here are signed by nobody; the statement within is asked again. Pure.
 */
export function chooseProvenance(
  document: unknown,
): { readonly kind: "bundle"; readonly bundle: unknown } | { readonly kind: "none"; readonly because: string } {
  const sizeBytes = measure(document);
  if (sizeBytes === undefined) return none("the registry's attestations are not understood");
  if (sizeBytes > MOST_BYTES) return none(`the registry's attestations are ${sizeBytes} bytes; at most ${MOST_BYTES} are looked at`);
  const parsed = attestations.safeParse(document);
  if (!parsed.success) return none("the registry's attestations are not understood");
  const all = parsed.data.attestations;
  if (all.length > MOST_ATTESTATIONS) return none(`the registry has ${all.length} attestations of it; at most ${MOST_ATTESTATIONS} are looked at`);
  const [provenance, ...others] = all.filter(({ predicateType }) => predicateType === SLSA_PROVENANCE);
  if (provenance === undefined) {
    const kinds = all.map(({ predicateType }) => quoteText(predicateType, 100));
    return none(
      `${kinds.length === 0 ? "the registry has no attestation of it" : `what is attested of it is ${kinds.join(", ")}`}, and not ${SLSA_PROVENANCE}`,
    );
  }
  if (others.length > 0) return none(`the registry has ${others.length + 1} provenances of it, and nobody can tell which one is meant`);
  return { kind: "bundle", bundle: provenance.bundle };
}

/** undefined where it is no JSON, or JSON within JSON so deep that nobody can write it down again. */
function measure(document: unknown): number | undefined {
  try {
    const text = JSON.stringify(document) as string | undefined;
    return text === undefined ? undefined : Buffer.byteLength(text);
  } catch {
    return undefined;
  }
}

const none = (because: string) => ({ kind: "none", because }) as const;
