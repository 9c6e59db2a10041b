/** What is wanted of an archive, and how much of it is there already. */
export interface ArchiveWanted {
  readonly haveBytes: number;
  /** As it was announced. */
  readonly sizeBytes: number | null;
  readonly maxBytes: number;
}

export type ArchiveAnswer =
  | { readonly kind: "write"; readonly from: number }
  /** Nothing of what is there is of use any more. */
  | { readonly kind: "begin-again" }
  | { readonly kind: "failed-status" }
  | { readonly kind: "refused"; readonly because: string };

/** What to make of the head of an answer to a question for an archive or the rest of it (RFC 9110 §14). Pure. */
export function judgeArchiveAnswer(status: number, headers: Headers, wanted: ArchiveWanted): ArchiveAnswer {
  if (status === 416 && wanted.haveBytes > 0) return { kind: "begin-again" };
  if (status !== 200 && status !== 206) return { kind: "failed-status" };
  if (/^(text\/html|application\/xhtml)/i.test(headers.get("content-type") ?? "")) return { kind: "refused", because: "it is a page (HTML), not an archive" };
  // Asked for without; what fetch unpacks is not what the digest was made of.
  const encoding = headers.get("content-encoding") ?? "identity";
  if (encoding !== "identity") return { kind: "refused", because: `it came encoded (${encoding.slice(0, 20)}), which was not asked for` };
  const from = status === 206 ? rangeStart(headers) : 0;
  if (from !== 0 && from !== wanted.haveBytes)
    return wanted.haveBytes > 0 ? { kind: "begin-again" } : { kind: "refused", because: "it is a part that was not asked for" };
  const length = headers.get("content-length");
  const total = length === null ? null : from + Number(length);
  if (total !== null && total > wanted.maxBytes) return { kind: "refused", because: `it is ${total} bytes, and ${wanted.maxBytes} are allowed` };
  if (total !== null && wanted.sizeBytes !== null && total !== wanted.sizeBytes)
    return { kind: "refused", because: `it is ${total} bytes, and ${wanted.sizeBytes} were announced` };
  return { kind: "write", from };
}

function rangeStart(headers: Headers): number | undefined {
  const start = /^bytes (\d{1,15})-/.exec(headers.get("content-range") ?? "")?.[1];
  return start === undefined ? undefined : Number(start);
}
