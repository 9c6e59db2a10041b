import type { Implementations, OperationName } from "@instar/protocol";
import { OPERATIONS } from "@instar/protocol";

/** Implementations that answer with their own name and remember what reached them: for looking at a face alone. */
export function createFakeImplementations(): { implementations: Implementations; calls: { name: OperationName; input: unknown }[] } {
  const calls: { name: OperationName; input: unknown }[] = [];
  const answer = (name: OperationName) => async (input: unknown) => {
    calls.push({ name, input });
    return { answeredBy: name };
  };
  return { implementations: Object.fromEntries(OPERATIONS.map(({ name }) => [name, answer(name)])) as unknown as Implementations, calls };
}
