import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { after } from "../platform/clock.ts";
import { useCell } from "./cell.ts";
import { followEvents, type LiveState, liveState } from "./live-events.ts";
import { type Change, parseChanges, queriesOf } from "./queries-of-change.ts";

/** However much happens, the page asks again this often: a person reads no faster, and the daemon has other things to do. */
const GATHER_MS = 400;

/** Is the page's picture current, and since when not. */
export const useLiveState = (): LiveState => useCell(liveState);

/** Keeps every answer on the page current for as long as somebody is signed in. */
export function useLive(): void {
  const queries = useQueryClient();
  useEffect(() => {
    const changes = new Set<Change>();
    let cancel: (() => void) | undefined;
    const askAgain = () => {
      cancel = undefined;
      const names = queriesOf(changes);
      changes.clear();
      void queries.invalidateQueries({ predicate: ({ queryKey }) => names.has(queryKey[0] as never) });
    };
    const note = (what: readonly Change[]) => {
      for (const change of what) changes.add(change);
      if (changes.size > 0) cancel ??= after(GATHER_MS, askAgain);
    };
    const stop = followEvents(({ event, data }) => {
      if (event === "reset") void queries.invalidateQueries();
      else if (event === "journal") note(["updates", "observation", "ledger"]);
      else if (event === "changed") note(parseChanges(data));
    });
    return () => {
      stop();
      cancel?.();
    };
  }, [queries]);
}
