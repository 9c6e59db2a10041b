import type { OutputOf, UpdateEventView } from "@instar/protocol";
import { type InfiniteData, type UseInfiniteQueryResult, useInfiniteQuery } from "@tanstack/react-query";
import { ask } from "./ask.ts";

const PAGE = 50;

/** What sources reported, the newest first, a page at a time. */
export function useSourceEvents(decision: UpdateEventView["decision"] | undefined): UseInfiniteQueryResult<InfiniteData<OutputOf<"source.events">>, Error> {
  return useInfiniteQuery({
    queryKey: ["source.events", { decision }, "pages"],
    queryFn: ({ pageParam, signal }) => ask("source.events", { limit: PAGE, decision, before: pageParam }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ events }: OutputOf<"source.events">) => (events.length < PAGE ? undefined : events.at(-1)?.eventId),
  });
}
