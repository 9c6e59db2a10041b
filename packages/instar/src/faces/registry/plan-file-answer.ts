/** What is known of a file before it is read. */
export interface FileFacts {
  readonly sizeBytes: number;
  /** Strong, in quotes. */
  readonly etag: string;
}

export interface FileConditions {
  readonly method: "GET" | "HEAD";
  readonly range?: string | undefined;
  readonly ifRange?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
}

/** Bytes `first` to `last`, both included; `last` is `first - 1` where the file is empty. */
export type FileAnswer =
  | { readonly kind: "content"; readonly status: 200 | 206; readonly first: number; readonly last: number }
  | { readonly kind: "unchanged" }
  | { readonly kind: "beyond-its-end" };

/**
 * How a file is answered (RFC 9110). One range is given; several at once, or one that cannot be understood, give the whole, as the standard allows. Pure.
 */
export function planFileAnswer({ sizeBytes, etag }: FileFacts, { method, range, ifRange, ifNoneMatch }: FileConditions): FileAnswer {
  if (ifNoneMatch !== undefined && matches(ifNoneMatch, etag)) return { kind: "unchanged" };
  const whole: FileAnswer = { kind: "content", status: 200, first: 0, last: sizeBytes - 1 };
  // What was begun from another file is not gone on with. A date is weaker than the tag, so it never fits.
  if (method === "HEAD" || range === undefined || (ifRange !== undefined && ifRange !== etag)) return whole;
  const [, from, to] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(range) ?? [];
  if (from === undefined || to === undefined || (from === "" && to === "")) return whole;
  if (from === "")
    return Number(to) === 0 || sizeBytes === 0
      ? { kind: "beyond-its-end" }
      : { kind: "content", status: 206, first: Math.max(0, sizeBytes - Number(to)), last: sizeBytes - 1 };
  const first = Number(from);
  if (to !== "" && Number(to) < first) return whole;
  if (first >= sizeBytes) return { kind: "beyond-its-end" };
  return { kind: "content", status: 206, first, last: to === "" ? sizeBytes - 1 : Math.min(Number(to), sizeBytes - 1) };
}

const matches = (header: string, etag: string) =>
  header.trim() === "*" ||
  header
    .slice(0, 2_000)
    .split(",")
    .some((each) => each.trim().replace(/^W\//, "") === etag);
