import type { UpdateView } from "@instar/protocol";
import { toneOfUpdate, wordOfUpdate } from "./words-of-update.ts";

/** How an update ended, or what it is doing. */
export function Outcome({ update }: { readonly update: Pick<UpdateView, "outcome" | "state" | "steps"> }) {
  return <span className={`badge badge-${toneOfUpdate(update)}`}>{wordOfUpdate(update)}</span>;
}
