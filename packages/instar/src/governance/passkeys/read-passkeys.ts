import { join } from "node:path";
import type { Facts } from "../../database/facts.ts";
import { decodeText, readSmallFile } from "../../settings/read-small-file.ts";
import type { Approval } from "../approvals/approval.ts";
import { type ParsedPasskeys, parsePasskeys } from "./parse-passkeys.ts";
import type { Passkey } from "./passkey.ts";
import { listLiving } from "./passkey-record.ts";

/** Beside the policies that ask for them: whoever may write there could as well take the asking away, so it is one place to guard and not two. */
export const passkeyFileOf = (policyFolder: string): string => join(policyFolder, "passkeys");

/** The operator's file, as it is now. Never throws: of a file that cannot be read no passkey counts, and that is a problem. */
export async function readPasskeys(policyFolder: string): Promise<ParsedPasskeys> {
  const path = passkeyFileOf(policyFolder);
  try {
    const bytes = await readSmallFile(path);
    return bytes === undefined ? { passkeys: [], problems: [] } : parsePasskeys(decodeText(bytes, path));
  } catch (error) {
    return { passkeys: [], problems: [{ line: 0, message: error instanceof Error ? error.message : String(error) }] };
  }
}

/** Of those that signed these approvals the ones that count now. Of others nobody asks, so they are not written down with the decision. */
export async function readPasskeysOf(
  approvals: readonly Approval[],
  { folder, facts }: { readonly folder: string; readonly facts: Pick<Facts, "read"> },
): Promise<Passkey[]> {
  const signed = new Set(approvals.flatMap(({ passkey }) => passkey?.id ?? []));
  if (signed.size === 0) return [];
  return listLiving((await readPasskeys(folder)).passkeys, facts).filter(({ id }) => signed.has(id));
}
