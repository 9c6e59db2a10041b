import { InstarError } from "@instar/protocol";
import { browserSupportsWebAuthn, WebAuthnError } from "@simplewebauthn/browser";

/** Why no passkey was used, in words. Browsers say little on purpose: a page must not learn which keys there are. */
export function explainCeremony(cause: unknown, done: "signed" | "made"): InstarError {
  if (!browserSupportsWebAuthn())
    return new InstarError("PASSKEY_REFUSED", "this browser has no passkeys here", {
      cause,
      advice: "Open the console at the address that `instar console` prints: by the name localhost, not by a number.",
    });
  const name = cause instanceof WebAuthnError ? cause.name : cause instanceof Error ? cause.name : "";
  if (name === "InvalidStateError")
    return new InstarError("PASSKEY_REFUSED", "this device has a passkey of yours already", {
      cause,
      advice: "Take another device, or use the one that is there.",
    });
  if (name === "NotAllowedError" || name === "AbortError")
    return new InstarError("PASSKEY_REFUSED", `nothing was ${done}: it was cancelled, took too long, or this device has no passkey of yours`, {
      cause,
      advice: "Try again.",
    });
  return new InstarError("PASSKEY_REFUSED", `nothing was ${done}`, { cause, advice: "Try again, or another browser." });
}
