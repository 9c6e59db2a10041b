import { z } from "zod";
import { quoteText } from "../../../platform/plain-text.ts";
import { SLSA_PROVENANCE } from "./choose-provenance.ts";

const PAYLOAD_TYPE = "application/vnd.in-toto+json";
const STATEMENT = "https://in-toto.io/Statement/v1";

const statement = z.object({
  _type: z.string(),
  predicateType: z.string(),
  subject: z.array(z.object({ name: z.string(), digest: z.record(z.string(), z.string()) })),
});

/**
 * Why a verified statement is not of this archive; undefined where it is. The predicate (repository, commit, builder) is not asked: the
 * statement's signer wrote it, and who that was stands in the certificate. Pure.
 */
export function judgeStatement(
  { payloadType, payload }: { readonly payloadType: string; readonly payload: Buffer },
  { packageName, version, digest }: { readonly packageName: string; readonly version: string; readonly digest: Buffer },
): string | undefined {
  if (payloadType !== PAYLOAD_TYPE) return `it signs ${quoteText(payloadType, 100)}, which is no statement`;
  const parsed = statement.safeParse(parseJson(payload));
  if (!parsed.success) return "its statement is not understood";
  const { _type: type, predicateType, subject } = parsed.data;
  if (type !== STATEMENT) return `its statement is of a kind that is not known: ${quoteText(type, 100)}`;
  if (predicateType !== SLSA_PROVENANCE) return `its statement is ${quoteText(predicateType, 100)}, and not ${SLSA_PROVENANCE}`;
  const [only, ...others] = subject;
  if (only === undefined || others.length > 0) return `its statement is of ${subject.length} things, and not of one package`;
  if (only.name !== renderPurl(packageName, version)) return `it is of another package: ${quoteText(only.name, 300)}`;
  if (only.digest.sha512 !== digest.toString("hex")) return "it is of another archive: the digest is not that of this one";
  return undefined;
}

/** As npm writes it: of all that a package's name may have, a package URL encodes only the scope's sign. */
const renderPurl = (packageName: string, version: string) => `pkg:npm/${packageName.replace(/^@/, "%40")}@${version}`;

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined;
  }
}
