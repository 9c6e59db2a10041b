import { useEffect, useState } from "react";
import { ask } from "../../data/ask.ts";
import { after } from "../../platform/clock.ts";
import { addOutput, NO_OUTPUT, type Output } from "./add-output.ts";

const AGAIN_MS = 1_000;

/** Reads an update's log from its beginning to its end, and along while the update is under way. */
export function useOutput(update: string, isOpen: boolean): Output & { readonly error: Error | null } {
  const [output, setOutput] = useState<Output>(NO_OUTPUT);
  const [error, setError] = useState<Error | null>(null);
  useEffect(() => {
    const ending = new AbortController();
    let cancel: (() => void) | undefined;
    let from = 0;
    setOutput(NO_OUTPUT);
    const read = async () => {
      try {
        const { text, next, isAll } = await ask("update.output", { update, from }, ending.signal);
        from = next;
        setError(null);
        if (text !== "") setOutput((before) => addOutput(before, text));
        if (!isAll) return void read();
        if (isOpen) cancel = after(AGAIN_MS, () => void read());
      } catch (problem) {
        if (ending.signal.aborted) return;
        setError(problem as Error);
        cancel = after(AGAIN_MS * 5, () => void read());
      }
    };
    void read();
    return () => {
      ending.abort();
      cancel?.();
    };
  }, [update, isOpen]);
  return { ...output, error };
}
