import type { UpdateView } from "@instar/protocol";
import { useEffect, useRef, useState } from "react";
import { type AskedOf, ask } from "../../data/ask.ts";
import { useOperation } from "../../data/use-operation.ts";
import { mergeNewest } from "./merge-newest.ts";

const PAGE = 100;

type Filter = Pick<AskedOf<"update.list">, "outcome" | "version">;

/** The updates that fit, newest first: the newest page stays current, older ones are brought when they come into sight. */
export function useUpdates(filter: Filter) {
  const newest = useOperation("update.list", { ...filter, limit: PAGE }, { keepsPrevious: false });
  const [rows, setRows] = useState<readonly UpdateView[]>([]);
  const [error, setError] = useState<Error | null>(null);
  const hasMore = useRef<boolean | null>(null);
  const isReading = useRef(false);
  const { data } = newest;
  useEffect(() => {
    if (data === undefined) return;
    // What no longer waits or works leaves this list; every other only grows.
    setRows((before) => (filter.outcome === "open" ? data.updates : mergeNewest(before, data.updates)));
    hasMore.current ??= data.hasMore;
  }, [data, filter.outcome]);
  const readOlder = () => {
    const last = rows.at(-1);
    if (isReading.current || hasMore.current !== true || last === undefined) return;
    isReading.current = true;
    ask("update.list", { ...filter, limit: PAGE, before: last.id })
      .then((page) => {
        setRows((before) => [...before, ...page.updates]);
        hasMore.current = page.hasMore;
        setError(null);
      }, setError)
      .finally(() => {
        isReading.current = false;
      });
  };
  return { rows, total: data?.total ?? null, isPending: newest.isPending, error: newest.error ?? error, readOlder };
}
