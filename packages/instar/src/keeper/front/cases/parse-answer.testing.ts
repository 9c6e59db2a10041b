/** An answer as a strict client reads it. */
export interface Answer {
  readonly version: string;
  readonly status: number;
  readonly reason: string;
  /** `Name: value` as they came, without Connection, Keep-Alive and Transfer-Encoding: `framing` and `stays` say what those say. */
  readonly lines: string[];
  readonly body: string;
  readonly framing: "length" | "chunks" | "close" | "none";
  readonly trailers: string[];
  /** The heads of interim answers before it. */
  readonly interims: string[];
  /** Whether the connection may be used again. */
  readonly stays: boolean;
}

/** Reads the first whole answer, or gives undefined where more has to come. Throws on anything that is not exact. */
export function parseAnswer(text: string, { method, hasEnded }: { method: string; hasEnded: boolean }): { answer: Answer; rest: string } | undefined {
  const interims: string[] = [];
  let at = 0;
  for (;;) {
    const end = text.indexOf("\r\n\r\n", at);
    if (end === -1) return undefined;
    const head = text.slice(at, end);
    at = end + 4;
    const [first = "", ...lines] = head.split("\r\n");
    const match = /^(HTTP\/1\.[01]) (\d{3}) ([^\r\n]*)$/.exec(first);
    if (match === null) throw new Error(`not the first line of an answer: ${JSON.stringify(first)}`);
    const status = Number(match[2]);
    if (status < 200 && status !== 101) {
      interims.push(head);
      continue;
    }
    if (lines.some((line) => /[\r\n\0]/.test(line) || !/^[!#$%&'*+.^_`|~\w-]+:/.test(line))) throw new Error(`not header lines: ${JSON.stringify(lines)}`);
    const valuesOf = (name: string) => lines.filter((line) => line.toLowerCase().startsWith(`${name}:`)).map((line) => line.slice(name.length + 1).trim());
    const connection = valuesOf("connection").join().toLowerCase();
    const given = {
      version: match[1] ?? "",
      status,
      reason: match[3] ?? "",
      lines: lines.filter((line) => !/^(?:connection|keep-alive|transfer-encoding):/i.test(line)),
      interims,
      stays: match[1] === "HTTP/1.1" ? !connection.includes("close") : connection.includes("keep-alive"),
    };
    const codings = valuesOf("transfer-encoding");
    const lengths = valuesOf("content-length");
    if (codings.length + lengths.length > 1) throw new Error(`an answer with two lengths: ${head}`);
    if (method === "HEAD" || status === 101 || status === 204 || status === 304)
      return { answer: { ...given, framing: "none", body: "", trailers: [] }, rest: text.slice(at) };
    if (codings.length > 0) {
      const chunks = parseChunks(text, at);
      return chunks === undefined ? undefined : { answer: { ...given, framing: "chunks", ...chunks.parts }, rest: text.slice(chunks.end) };
    }
    if (lengths.length > 0) {
      const bodyEnd = at + Number(lengths[0]);
      return text.length < bodyEnd
        ? undefined
        : { answer: { ...given, framing: "length", body: text.slice(at, bodyEnd), trailers: [] }, rest: text.slice(bodyEnd) };
    }
    return hasEnded ? { answer: { ...given, framing: "close", stays: false, body: text.slice(at), trailers: [] }, rest: "" } : undefined;
  }
}

function parseChunks(text: string, from: number): { parts: { body: string; trailers: string[] }; end: number } | undefined {
  const body: string[] = [];
  let at = from;
  for (;;) {
    const lineEnd = text.indexOf("\r\n", at);
    if (lineEnd === -1) return undefined;
    const size = text.slice(at, lineEnd);
    if (!/^[\da-f]+$/i.test(size)) throw new Error(`not the size of a chunk: ${JSON.stringify(size)}`);
    at = lineEnd + 2;
    const sizeBytes = Number.parseInt(size, 16);
    if (sizeBytes === 0) break;
    if (text.length < at + sizeBytes + 2) return undefined;
    body.push(text.slice(at, at + sizeBytes));
    at += sizeBytes;
    if (text.slice(at, at + 2) !== "\r\n") throw new Error("a chunk does not end where it said");
    at += 2;
  }
  const trailers: string[] = [];
  for (;;) {
    const lineEnd = text.indexOf("\r\n", at);
    if (lineEnd === -1) return undefined;
    const line = text.slice(at, lineEnd);
    at = lineEnd + 2;
    if (line === "") return { parts: { body: body.join(""), trailers }, end: at };
    trailers.push(line);
  }
}
