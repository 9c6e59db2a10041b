import type { OutputOf } from "@instar/protocol";
import { startRegistration } from "@simplewebauthn/browser";
import { ask } from "../data/ask.ts";
import { explainCeremony } from "./explain-ceremony.ts";

/** Makes a passkey on this device for who is signed in. What comes of it is a line, which counts once an operator has pinned it. @throws Error, as every operation does */
export async function makePasskey(label: string): Promise<OutputOf<"passkey.add">> {
  const options = await ask("passkey.begin", { origin: location.origin });
  const made = await startRegistration({ optionsJSON: options }).catch((cause: unknown) => {
    throw explainCeremony(cause, "made");
  });
  const { clientDataJSON, attestationObject } = made.response;
  return ask("passkey.add", { label, response: { id: made.id, rawId: made.rawId, type: "public-key", response: { clientDataJSON, attestationObject } } });
}
