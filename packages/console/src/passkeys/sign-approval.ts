import { type AssertionResponse, InstarError, type OutputOf } from "@instar/protocol";
import { startAuthentication } from "@simplewebauthn/browser";
import { ask } from "../data/ask.ts";
import { explainCeremony } from "./explain-ceremony.ts";

interface ApprovalAsked {
  readonly update: string;
  /** Of the release as this page shows it: what else waits by now is refused. */
  readonly digest: string;
  readonly because: string;
}

/**
 * What `passkey.approve` takes: asks the daemon what is to be signed, looks whether it is what this page shows, and has it signed by the passkey of who is signed in.
 *
 * @throws Error, as every operation does
 */
export async function signApproval({ update, digest, because }: ApprovalAsked): Promise<{ response: AssertionResponse }> {
  const given = await ask("passkey.challenge", { update, digest, because, origin: location.origin });
  await assertSame(given, { update, digest });
  const signed = await startAuthentication({ optionsJSON: given.options }).catch((cause: unknown) => {
    throw explainCeremony(cause, "signed");
  });
  const { clientDataJSON, authenticatorData, signature } = signed.response;
  return { response: { id: signed.id, rawId: signed.rawId, type: "public-key", response: { clientDataJSON, authenticatorData, signature } } };
}

/** A passkey shows nobody what it signs, so the page looks: the challenge is the digest of this text, and the text is of this update. */
async function assertSame({ text, options }: OutputOf<"passkey.challenge">, { update, digest }: Pick<ApprovalAsked, "update" | "digest">): Promise<void> {
  const said = JSON.parse(text) as Readonly<Record<string, unknown>>;
  const isSame = said.answer === "approve" && said.update === update && said.release === digest && said.origin === location.origin;
  if (isSame && options.challenge === (await digestOf(text))) return;
  throw new InstarError("CONFLICT", "what the passkey would sign is not what this page shows", { advice: "Reload the page and look at the update again." });
}

async function digestOf(text: string): Promise<string> {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}
