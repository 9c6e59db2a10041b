import type { LedgerEntryView } from "@instar/protocol";
import { type InfiniteData, type UseInfiniteQueryResult, type UseQueryResult, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { nowMs } from "../platform/clock.ts";
import { type AskConsistency, followLedger, type HeadVerdict } from "../proofs/follow-ledger.ts";
import { readSeen, remember } from "../proofs/remember-ledger.ts";
import { type EntryVerdict, verifyEntry } from "../proofs/verify-entry.ts";
import { type AskedOf, ask } from "./ask.ts";

const askConsistency: AskConsistency = async (checkpoint, size) => (await ask("audit.compare", { checkpoint, size })).proof;
const nowIso = () => new Date(nowMs()).toISOString();

/** The ledger's signed head, held by this browser to what it saw before. */
export function useLedgerTrust(): UseQueryResult<HeadVerdict, Error> {
  return useQuery({
    queryKey: ["audit.checkpoint", "followed"],
    queryFn: async ({ signal }) => {
      const seen = readSeen();
      const verdict = await followLedger(seen, await ask("audit.checkpoint", {}, signal), askConsistency, nowIso());
      if (verdict.kind === "verified") await remember(verdict.keep);
      return verdict;
    },
  });
}

/** Fetches an entry's proof and checks it here. */
export async function checkEntry(shown: LedgerEntryView): Promise<EntryVerdict> {
  const seen = readSeen();
  const verdict = await verifyEntry(shown, await ask("audit.prove", { index: shown.index }), seen, askConsistency, nowIso());
  if (verdict.head !== null) await remember(verdict.head.keep);
  return verdict;
}

const PAGE = 100;
export type LedgerFilter = Omit<AskedOf<"audit.list">, "limit" | "before">;
interface LedgerPage {
  readonly entries: readonly LedgerEntryView[];
  readonly length: number;
}

/** Entries that fit, the newest first, a page at a time. */
export function useLedgerEntries(filter: LedgerFilter): UseInfiniteQueryResult<InfiniteData<LedgerPage, number | undefined>, Error> {
  return useInfiniteQuery({
    queryKey: ["audit.list", filter, "pages"],
    queryFn: ({ pageParam, signal }): Promise<LedgerPage> => ask("audit.list", { ...filter, limit: PAGE, before: pageParam }, signal),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: ({ entries }) => (entries.length < PAGE ? undefined : entries.at(-1)?.index),
  });
}
