import { randomBytes } from "node:crypto";
import { type AssertionResponse, type Implementations, InstarError, type PasskeyView } from "@instar/protocol";
import { transact } from "../database/open-database.ts";
import { challengeOf, digestOfWords, hostOf, renderStatement } from "../governance/passkeys/approval-statement.ts";
import { whyNotSigned } from "../governance/passkeys/judge-approval-word.ts";
import { judgeAssertion, type SignedWord } from "../governance/passkeys/judge-assertion.ts";
import { parsePasskeys } from "../governance/passkeys/parse-passkeys.ts";
import { ALGORITHMS, parseRegistration } from "../governance/passkeys/parse-registration.ts";
import { fingerprintOf, type Passkey, renderPasskey } from "../governance/passkeys/passkey.ts";
import { isCounterAhead, listLiving, noteRevoked, noteUse, recallPasskey } from "../governance/passkeys/passkey-record.ts";
import { CHALLENGE_MS } from "../governance/passkeys/pending-challenges.ts";
import { algorithmOf } from "../governance/passkeys/public-key.ts";
import { passkeyFileOf, readPasskeys } from "../governance/passkeys/read-passkeys.ts";
import { policyFolderOf } from "../governance/policy/open-policies.ts";
import { renderVerifierKey } from "../ledger/tree/note-key.ts";
import { findSecretShapes } from "../platform/secrets/find-secret-shapes.ts";
import type { OperationContext } from "./context.ts";
import { listWanting } from "./list-wanting.ts";
import { planApproval } from "./plan-approval.ts";
import { readApproval } from "./read-approval.ts";
import { readConsoleOrigins } from "./read-console-origins.ts";
import { daemonOf, findUpdate, openUpdate } from "./updates.ts";

type Implemented = "passkey.list" | "passkey.begin" | "passkey.add" | "passkey.revoke" | "passkey.challenge" | "passkey.approve";

/**
 * Passkeys. No operation makes one count, whatever token is shown: that takes a line in a file of the operator's, since a token can be read and used by whoever
 * can read files. Operations offer the line, take a passkey away, and take what one signed.
 */
export function implementPasskeys(context: OperationContext): Pick<Implementations, Implemented> {
  const { instance, actor, pendingPasskeys } = context;
  const { facts, database, ledger, rooms } = instance;
  const folder = policyFolderOf(instance.settings, rooms.settingsFolder);
  const nowIso = () => new Date(rooms.clock.wallMs()).toISOString();
  const list = async () => (await readPasskeys(folder)).passkeys;
  return {
    "passkey.list": async () => {
      const { passkeys, problems } = await readPasskeys(folder);
      return {
        file: passkeyFileOf(folder),
        passkeys: passkeys.map((each) => describe(context, each, passkeys)),
        problems: [...problems],
        wantedBy: await listWanting(instance),
      };
    },

    "passkey.begin": async ({ origin }) => {
      daemonOf(context);
      const host = await assertConsole(context, origin);
      const challenge = randomBytes(32).toString("base64url");
      pendingPasskeys.add(actor.id, challenge, { kind: "make", origin, host });
      const own = (await list()).filter((each) => each.person === actor.id && each.host === host);
      return {
        challenge,
        rp: { name: `Instar: ${instance.name}`, id: host },
        user: { id: randomBytes(32).toString("base64url"), name: actor.id, displayName: `${actor.id} (${instance.name})` },
        pubKeyCredParams: ALGORITHMS.map((alg) => ({ type: "public-key" as const, alg })),
        timeout: CHALLENGE_MS,
        attestation: "none",
        excludeCredentials: own.map(({ id }) => ({ id, type: "public-key" as const })),
        authenticatorSelection: { residentKey: "preferred", requireResidentKey: false, userVerification: "required" },
      };
    },

    "passkey.add": async ({ label, response }) => {
      daemonOf(context);
      const challenge = challengeIn(response.response.clientDataJSON);
      const asked = pendingPasskeys.take(actor.id, challenge);
      if (asked?.kind !== "make") throw notAsked();
      const { origin, host } = asked;
      const passkey = await parseRegistration({ person: actor.id, label, origin, host, challenge, response });
      const line = renderPasskey(passkey);
      // What is written is read again as the file will be: a line that would be a problem there is none that is offered.
      if (parsePasskeys(line).passkeys.length !== 1) throw new InstarError("PASSKEY_REFUSED", "it cannot be written as a line of the file");
      const fingerprint = fingerprintOf(passkey);
      const file = passkeyFileOf(folder);
      transact(database, () =>
        ledger.append({
          event: "PASSKEY_OFFERED",
          actor,
          description: `${actor.id} made a passkey (${label}); it counts once its line stands in ${file}`,
          success: true,
          details: { line, fingerprint },
        }),
      );
      return { line, fingerprint, file, advice: `Whoever may write ${file} adds the line there, after comparing the fingerprint with you.` };
    },

    "passkey.revoke": async ({ passkey: named }) => {
      daemonOf(context);
      const all = await list();
      const bare = (text: string) => text.replaceAll("-", "");
      const found = all.filter((each) => each.id.startsWith(named) || bare(fingerprintOf(each)).startsWith(bare(named)));
      const [passkey] = found;
      if (passkey === undefined || found.some(({ id }) => id !== passkey.id))
        throw new InstarError("NOT_FOUND", `there is ${passkey === undefined ? "no" : "more than one"} passkey ${named}`, {
          advice: "`instar passkey list` shows them all.",
        });
      if (recallPasskey(facts, passkey.id).revokedAt === null)
        transact(database, () => {
          noteRevoked(facts, passkey.id, { by: actor.id, at: nowIso() });
          ledger.append({
            event: "PASSKEY_REVOKED",
            actor,
            description: `${actor.id} ended the passkey ${fingerprintOf(passkey)} of ${passkey.person}`,
            success: true,
            details: { id: passkey.id, person: passkey.person, fingerprint: fingerprintOf(passkey) },
          });
        });
      return describe(context, passkey, all);
    },

    "passkey.challenge": async ({ update, because, digest, origin }) => {
      daemonOf(context);
      const found = update === undefined ? openUpdate(instance) : findUpdate(instance, update);
      const host = await assertConsole(context, origin);
      const { approval } = await planApproval(context, found, { because, digest });
      const own = listLiving(await list(), facts).filter((each) => each.person === actor.id && each.host === host);
      if (own.length === 0)
        throw new InstarError("PASSKEY_WANTED", `${actor.id} has no passkey here that counts`, {
          facts: { file: passkeyFileOf(folder) },
          advice: `Make one in the console, under People; it counts once its line stands in ${passkeyFileOf(folder)}.`,
        });
      const expiresAt = new Date(rooms.clock.wallMs() + CHALLENGE_MS).toISOString();
      const text = renderAsked(() =>
        renderStatement({
          format: "instar-approval/1",
          answer: "approve",
          instance: instance.name,
          ledger: instance.ledgerKey.verifier === null ? null : renderVerifierKey(instance.ledgerKey.verifier),
          update: found,
          release: approval.digest,
          rules: approval.policy,
          by: actor.id,
          because: digestOfWords(because),
          origin,
          nonce: randomBytes(16).toString("base64url"),
          until: expiresAt,
        }),
      );
      const challenge = challengeOf(text);
      pendingPasskeys.add(actor.id, challenge, { kind: "approve", update: found, text, host, because, digest: approval.digest });
      return {
        text,
        expiresAt,
        options: {
          challenge,
          rpId: host,
          timeout: CHALLENGE_MS,
          userVerification: "required",
          allowCredentials: own.map(({ id }) => ({ id, type: "public-key" as const })),
        },
      };
    },

    "passkey.approve": async ({ response }) => {
      const daemon = daemonOf(context);
      const asked = pendingPasskeys.take(actor.id, challengeIn(response.response.clientDataJSON));
      if (asked?.kind !== "approve") throw notAsked();
      const { update, text, host, because, digest } = asked;
      const { approval } = await planApproval(context, update, { because, digest });
      const living = listLiving(await list(), facts);
      const pinned = living.find(({ id }) => id === response.id);
      if (pinned === undefined) throw refuse(`the passkey that signed it is none of ${actor.id}'s, or no longer`);
      const passkey = parseSigned(response, { text, host, key: pinned.key });
      const signed = { ...approval, passkey };
      const judged = judgeAssertion(passkey);
      const against = whyNotSigned(signed, { update, passkeys: living });
      if (against !== undefined || judged.kind === "void") throw refuse(against ?? "the signature does not hold");
      if (!isCounterAhead(judged.counter, recallPasskey(facts, pinned.id)))
        throw refuse("the authenticator counts backwards: a copy of the key may be in somebody's hands", `instar passkey revoke ${pinned.id.slice(0, 12)}`);
      // A crash between the two leaves a count without its approval: the next signature counts on from there.
      transact(database, () => noteUse(facts, pinned.id, { counter: judged.counter, at: nowIso() }));
      daemon.tell(update, { kind: "approved", approval: signed });
      return readApproval(instance, update);
    },
  };
}

function describe({ instance }: OperationContext, passkey: Passkey, all: readonly Passkey[]): PasskeyView {
  const { id, person, host, label, key } = passkey;
  const { revokedAt, revokedBy, lastUsedAt } = recallPasskey(instance.facts, id);
  const isDoubled = all.filter((each) => each.id === id).length > 1;
  const state = revokedAt !== null ? "revoked" : isDoubled ? "doubled" : "living";
  const because = { living: "", revoked: `${revokedBy} revoked it at ${revokedAt}`, doubled: "another line has the same id" }[state];
  return { id, person, host, label, algorithm: algorithmOf(key) ?? "ES256", fingerprint: fingerprintOf(passkey), state, because, lastUsedAt };
}

/** The host that passkeys of this page are bound to. @throws InstarError FORBIDDEN where it is not the console */
async function assertConsole({ instance }: OperationContext, origin: string): Promise<string> {
  const origins = await readConsoleOrigins(instance);
  const host = hostOf(origin);
  if (host !== undefined && origins.includes(origin)) return host;
  throw new InstarError("FORBIDDEN", `${origin} is not where the console is`, {
    advice: `Open it at ${origins[0] ?? "the address that `instar console` prints"}: passkeys are bound to that name and port.`,
  });
}

/** Drawn again where the text or its digest happens to look like a token: the ledger would leave that out, and nobody could check it any more. */
function renderAsked(draw: () => string): string {
  let text = draw();
  while (findSecretShapes(`${text} ${JSON.stringify({ challenge: challengeOf(text) })}`).length > 0) text = draw();
  return text;
}

/** Which of what was asked is answered. What cannot be read answers nothing. */
function challengeIn(clientDataJSON: string): string {
  try {
    const { challenge } = JSON.parse(Buffer.from(clientDataJSON, "base64url").toString("utf8")) as { challenge?: unknown };
    return typeof challenge === "string" ? challenge : "";
  } catch {
    return "";
  }
}

/** @throws InstarError PASSKEY_REFUSED where it cannot be kept letter by letter */
function parseSigned({ id, response }: AssertionResponse, { text, host, key }: Pick<SignedWord, "text" | "host" | "key">): SignedWord {
  const bytes = Buffer.from(response.clientDataJSON, "base64url");
  const clientData = bytes.toString("utf8");
  if (!Buffer.from(clientData).equals(bytes)) throw refuse("what the browser said of it is no text");
  const hexOf = (base64url: string) => Buffer.from(base64url, "base64url").toString("hex");
  return { text, id, host, key, clientData, authenticatorData: hexOf(response.authenticatorData), signature: hexOf(response.signature) };
}

const notAsked = () =>
  new InstarError("PASSKEY_REFUSED", "nobody was asked for that, or it was answered already, or it is too late", { advice: "Begin again in the console." });
const refuse = (because: string, advice = "Begin again in the console.") => new InstarError("PASSKEY_REFUSED", because, { advice });
