import type { OperationName } from "@instar/protocol";
import { useOperation } from "./use-operation.ts";

/** Whether whoever is signed in may do this, and else why not, as a sentence. */
export function useMay(operation: OperationName): { readonly isAllowed: boolean; readonly because: string } {
  const { data, error } = useOperation("whoami", {});
  if (data === undefined) return { isAllowed: false, because: error === null ? "Asking what you may do…" : error.message };
  if (data.mayDo.includes(operation)) return { isAllowed: true, because: "" };
  const scope = data.scope === null ? "" : ", and your token is limited to certain operations";
  return { isAllowed: false, because: `Your role here is ${data.role}, which may not do this${scope}.` };
}
