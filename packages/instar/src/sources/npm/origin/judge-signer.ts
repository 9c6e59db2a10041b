import type { Signer } from "@sigstore/verify";
import { quoteText } from "../../../platform/plain-text.ts";

/** The workflow that must have signed. */
export interface WantedSigner {
  /** `owner/name` at github.com, in the very letters that GitHub shows. */
  readonly repository: string;
  /** The workflow's file, such as `release.yml`; without it any of that repository's. */
  readonly workflow?: string | undefined;
  /** Who told the certificate authority which workflow it was. */
  readonly issuer: string;
}

type Identity = NonNullable<Signer["identity"]>;

/** Fulcio's extensions. https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md */
const SOURCE_REPOSITORY = "1.3.6.1.4.1.57264.1.12";

/**
 * Whether a verified certificate is one of the wanted workflow. The name in it is that of the workflow's file; where a workflow can be called from
 * elsewhere, that is another repository than the one that ran it, so both must be the wanted one. Pure.
 */
export function judgeSigner(
  { extensions, subjectAlternativeName: name, oids }: Identity,
  { repository, workflow, issuer }: WantedSigner,
): { readonly by: string } | { readonly by: null; readonly because: string } {
  const refused = (because: string) => ({ by: null, because });
  if (extensions?.issuer !== issuer) return refused(`its signer was named by ${quoteText(extensions?.issuer ?? "nobody", 200)}, and not by ${issuer}`);
  if (name === undefined) return refused("its certificate names nobody");
  const within = `https://github.com/${repository}/.github/workflows/`;
  if (!name.startsWith(within)) return refused(`it was signed by ${quoteText(name, 300)}, and not by a workflow of ${repository}`);
  const [, file, ref] = /^([^/@\s\p{C}]+)@(refs\/[\x21-\x7e]+)$/u.exec(name.slice(within.length)) ?? [];
  if (file === undefined || ref === undefined) return refused(`it was signed by ${quoteText(name, 300)}, which is no workflow at a branch or a tag`);
  if (workflow !== undefined && file !== workflow)
    return refused(`it was signed by the workflow ${quoteText(file, 200)} of ${repository}, and not by ${workflow}`);
  if (ref.startsWith("refs/pull/")) return refused(`it was made of ${quoteText(ref, 200)}, which is a proposal that anybody can make`);
  if (!namesOnly(oids ?? [], SOURCE_REPOSITORY, `https://github.com/${repository}`))
    return refused(`its workflow is one of ${repository}, and was not run by ${repository}`);
  return { by: name };
}

function namesOnly(oids: NonNullable<Identity["oids"]>, oid: string, text: string): boolean {
  const found = oids.filter((each) => each.oid?.id.join(".") === oid);
  return found.length === 1 && found.every(({ value }) => value.equals(encodeUtf8String(text)));
}

/** DER, of up to 255 bytes: more than the longest address of a repository. */
function encodeUtf8String(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from(bytes.length < 128 ? [0x0c, bytes.length] : [0x0c, 0x81, bytes.length]), bytes]);
}
