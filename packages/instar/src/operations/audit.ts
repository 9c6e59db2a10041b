import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Implementations, type InputOf, InstarError, type LedgerEntryView } from "@instar/protocol";
import { compareCheckpoint } from "../ledger/compare-checkpoint.ts";
import { exportLedger } from "../ledger/export-ledger.ts";
import type { LedgerEntry } from "../ledger/ledger-entry.ts";
import { openSignedLog, proveEntry } from "../ledger/prove-entry.ts";
import { countEntries, readNewestFirst } from "../ledger/read-ledger.ts";
import { type NoteKey, renderVerifierKey } from "../ledger/tree/note-key.ts";
import { type LedgerVerification, verifyLedgerInTurns } from "../ledger/verify-ledger.ts";
import { makeReport } from "../reports/make-report.ts";
import type { OperationContext } from "./context.ts";

type Audit = Pick<Implementations, "audit.verify" | "audit.list" | "audit.checkpoint" | "audit.prove" | "audit.compare" | "audit.export" | "audit.report">;

/** The ledger, shown, proved, handed out and summed up. */
export function implementAudit({ instance, daemon }: OperationContext): Audit {
  const folder = join(instance.folder, "ledger");
  const { verifier, trouble } = instance.ledgerKey;
  const signing = (): NoteKey => {
    if (verifier !== null) return verifier;
    throw new InstarError("NOT_FOUND", "this ledger has no key yet", { advice: "`instar up` makes one." });
  };
  /** What is to be shown is in the files first, where there is a daemon, who alone writes them. What keeps it from that, verifying tells. */
  const settle = async (): Promise<void> => {
    if (daemon !== undefined) await instance.ledger.drain().catch(() => undefined);
  };
  const nowIso = () => new Date(instance.rooms.clock.wallMs()).toISOString();
  return {
    "audit.verify": async () => {
      await settle();
      const found = await verifyOwnLedger(instance);
      const keyProblem = found.kind === "intact" ? trouble : null;
      if (found.kind === "damaged" || keyProblem !== null)
        throw new InstarError("LEDGER_DAMAGED", found.kind === "damaged" ? found.because : (keyProblem ?? ""), {
          ...(found.kind === "damaged" ? { facts: { index: found.index } } : {}),
          advice: "Keep the data folder as it is, and compare it with a copy from before. The agent goes on serving.",
        });
      const { length, head, signed, root, archived } = found;
      return {
        verdict: "intact",
        length,
        head,
        signed,
        root,
        archived,
        key: verifier === null ? null : renderVerifierKey(verifier),
        because: inWords(found),
      };
    },
    "audit.list": async ({ limit, before, ...filter }) => {
      await settle();
      const isWanted = planFilter(filter);
      return instance.ledger.quietly(async () => {
        const entries: LedgerEntryView[] = [];
        for await (const entry of readNewestFirst(folder, before)) {
          if (entries.length >= limit) break;
          if (isWanted(entry)) entries.push(shown(entry));
        }
        return { entries, length: countEntries(folder) };
      });
    },
    "audit.checkpoint": async () => {
      await settle();
      const key = signing();
      const { note, checkpoint } = openSignedLog(folder, key);
      return { note, size: checkpoint.size, length: countEntries(folder), root: checkpoint.root.toString("base64"), key: renderVerifierKey(key) };
    },
    "audit.prove": async ({ index, part }) => {
      await settle();
      const key = signing();
      const proved = proveEntry(folder, index, key);
      return { index, ...proved, text: proved[part], key: renderVerifierKey(key) };
    },
    "audit.compare": async ({ checkpoint, size }) => {
      await settle();
      const compared = compareCheckpoint(folder, checkpoint, signing(), size);
      return {
        ...compared,
        proof: [...compared.proof],
        because: `the ${compared.older} entries of then are the first of the ${compared.size} of now, unchanged`,
      };
    },
    "audit.export": async ({ to, from, until }) => {
      await settle();
      const key = signing();
      const period = { from: from === undefined ? null : momentOf(from), until: until === undefined ? null : momentOf(until) };
      const exported = await instance.ledger.quietly(() => exportLedger({ folder, to, key, ...period, madeAt: nowIso(), verifier: findVerifier() }));
      const vkey = renderVerifierKey(key);
      return { folder: to, ...exported, key: vkey, verify: `node ${join(to, "verify.mjs")} --key ${vkey}` };
    },
    "audit.report": async ({ kind, from, until, format, table }) => {
      await settle();
      const asked = { kind, from, to: until, format, table, instance: instance.name, madeAt: nowIso() };
      const readVerifier = () => readFileSync(findVerifier(), "utf8");
      const { files, ...made } = await instance.ledger.quietly(() => makeReport({ ...asked, folder, key: verifier, readVerifier }));
      return { ...made, files: [...files] };
    },
  };
}

/** Its files against its database and its key, while nothing is written. */
export function verifyOwnLedger({ folder, database, ledger, ledgerKey }: OperationContext["instance"]): Promise<LedgerVerification> {
  return ledger.quietly(() => {
    const rows = database.prepare("SELECT line FROM ledger_outbox ORDER BY idx").all() as { line: string }[];
    return verifyLedgerInTurns(join(folder, "ledger"), { expected: ledger.head(), pending: rows.map(({ line }) => line), key: ledgerKey.verifier });
  });
}

function inWords({ length, signed, archived }: Extract<LedgerVerification, { kind: "intact" }>): string {
  const parts = [`${length} entries, each following from the one before it`];
  if (signed === null) parts.push("none is signed yet");
  else parts.push(signed === length ? "all of them signed" : `${signed} of them signed`);
  if (archived > 0) parts.push(`${archived} lie in an archive, and their hashes fit`);
  return parts.join("; ");
}

/** Times are compared as wall clocks told them: they may jump, so no entry is taken for the last one that could fit. */
function planFilter({ update, event, by, from, until, failed }: Omit<InputOf<"audit.list">, "limit" | "before">): (entry: LedgerEntry) => boolean {
  const [since, end] = [from, until].map((text) => (text === undefined ? undefined : momentOf(text)));
  return (entry) =>
    (update === undefined || entry.update?.startsWith(update) === true) &&
    (event === undefined || entry.event === event) &&
    (by === undefined || entry.actor.id === by) &&
    (since === undefined || entry.at >= since) &&
    (end === undefined || entry.at < end) &&
    (!failed || !entry.success);
}

const shown = (entry: LedgerEntry): LedgerEntryView => JSON.parse(JSON.stringify(entry)) as LedgerEntryView;

function momentOf(text: string): string {
  const atMs = Date.parse(text);
  if (Number.isNaN(atMs)) throw new InstarError("INPUT_INVALID", `${JSON.stringify(text)} is no day and no time in ISO 8601`);
  return new Date(atMs).toISOString();
}

/** Beside the program in a package, in its own package in a checkout. */
function findVerifier(): string {
  const places = ["./verify.mjs", "../verify.mjs", "../../../verifier/src/verify.mjs"].map((path) => fileURLToPath(new URL(path, import.meta.url)));
  const found = places.find((path) => existsSync(path));
  if (found === undefined) throw new InstarError("NOT_FOUND", "the verifier is missing from this installation");
  return found;
}
