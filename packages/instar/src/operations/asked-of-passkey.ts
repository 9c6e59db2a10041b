import type { UpdateId } from "../update/journal-entry.ts";

/** What was asked of somebody's passkey and is not answered yet. */
export type AskedOfPasskey =
  | { readonly kind: "make"; readonly origin: string; readonly host: string }
  | { readonly kind: "approve"; readonly update: UpdateId; readonly text: string; readonly host: string; readonly because: string; readonly digest: string };
