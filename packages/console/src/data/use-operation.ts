import type { OperationName, OutputOf } from "@instar/protocol";
import { type UseMutationResult, type UseQueryResult, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type AskedOf, ask } from "./ask.ts";

interface OperationOptions {
  /** False: it is not asked yet. */
  readonly enabled?: boolean;
  /** Asks again by itself, where no event tells of a change. */
  readonly everyMs?: number;
  /** What was shown stays until the new answer is there. */
  readonly keepsPrevious?: boolean;
}

/** What an operation answers, kept current: the event stream says what is to be asked again. */
export function useOperation<Name extends OperationName>(
  name: Name,
  input: AskedOf<Name>,
  options: OperationOptions = {},
): UseQueryResult<OutputOf<Name>, Error> {
  return useQuery<OutputOf<Name>, Error>({
    queryKey: [name, input],
    queryFn: ({ signal }) => ask(name, input, signal),
    enabled: options.enabled ?? true,
    ...(options.everyMs === undefined ? {} : { refetchInterval: options.everyMs }),
    ...(options.keepsPrevious ? { placeholderData: (previous: OutputOf<Name> | undefined) => previous } : {}),
  } as Parameters<typeof useQuery<OutputOf<Name>, Error>>[0]);
}

/** Tells the daemon to do something; whatever may have changed by it is asked again. */
export function useCommand<Name extends OperationName>(name: Name): UseMutationResult<OutputOf<Name>, Error, AskedOf<Name>> {
  const queries = useQueryClient();
  return useMutation<OutputOf<Name>, Error, AskedOf<Name>>({
    mutationFn: (input) => ask(name, input),
    onSettled: () => queries.invalidateQueries(),
  });
}
