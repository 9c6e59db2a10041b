import { InstarError, type OutputOf } from "@instar/protocol";

export type PolicyText = OutputOf<"policy.show">["texts"][number];

/** Not a name on the way to another folder, nor one that is hidden: every other file of the folder is read as a policy only by this ending. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,95}\.cedar$/;

/** Why a file of policies cannot be called so; null where it can. */
export const whyNoName = (file: string): string | null =>
  NAME.test(file) ? null : "Its name is of letters, digits, dots, dashes and underscores, with .cedar at its end.";

/** Instar's own are called so. */
export const listOwn = (texts: readonly PolicyText[]): PolicyText[] => texts.filter(({ file }) => !file.startsWith("instar:"));

/** All own policies as they would be with this file as it is drafted. Pure. */
export const joinDraft = (own: readonly PolicyText[], draft: PolicyText): string =>
  [...own.filter(({ file }) => file !== draft.file), draft].map(({ text }) => text).join("\n");

/**
 * The edit that writes one file of policies, whole; refused where another one lies there than was shown. Pure.
 *
 * @param folder `policy.folder` of instar.yaml
 * @param expect the digest of what was shown; null: nothing was there. Undefined asks about nothing, for a look
 * @throws InstarError INPUT_INVALID
 */
export function planPolicyEdit(
  folder: string,
  { file, text }: PolicyText,
  { because, expect }: { readonly because: string; readonly expect?: string | null },
): string {
  const refused = whyNoName(file);
  if (refused !== null) throw new InstarError("INPUT_INVALID", refused, { facts: { file } });
  const expected = expect === undefined ? {} : { expect: expect ?? "absent" };
  return JSON.stringify({ because, edits: [{ write: `${folder.replace(/\/+$/, "")}/${file}`, content: text, ...expected }] });
}
