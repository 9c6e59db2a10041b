import type { Failure } from "./load-record.ts";

/** An answer as it came. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  /** False where the connection ended before the answer did. */
  readonly isWhole: boolean;
}

/** Why a GET failed; undefined where it did not. */
export function judgeGet({ status, text, isWhole }: Answer): string | undefined {
  if (status !== 200) return `status ${status}`;
  if (!isWhole) return "the answer broke off";
  return text.length === 32 ? undefined : `an answer of ${text.length} bytes instead of 32`;
}

/** An acknowledgement carries an id of the agent's and says again what was written. */
export function judgePost(answer: Answer, sent: string): string | undefined {
  if (answer.status !== 201) return `status ${answer.status}`;
  if (!answer.isWhole) return "the acknowledgement broke off";
  const said = parse(answer.text);
  if (typeof said?.id !== "string" || said.id === "") return "an acknowledgement without an id";
  return said.echo === sent ? undefined : "the acknowledgement of another write";
}

export function judgeStream({ status, text, isWhole }: Answer): string | undefined {
  if (status !== 200) return `status ${status}`;
  const hasEnd = /(^|\n)(event: end\ndata: end\n\n|end\n)$/.test(text);
  return isWhole && hasEnd ? undefined : `the stream was cut after ${text.length} bytes`;
}

/** 1012 is "come again, I am being exchanged" (IANA's registry of RFC 6455); whatever else ends a WebSocket that nobody wanted to end is a failure. */
export function judgeClose(code: number): "told-to-reconnect" | string {
  return code === 1012 ? "told-to-reconnect" : `closed with ${code}`;
}

/** Compares what was sent and acknowledged with what the agents wrote down. */
export function judgeWrites(sent: readonly string[], acknowledged: readonly string[], written: readonly string[]): Failure[] {
  const times = new Map<string, number>();
  for (const text of written) times.set(text, (times.get(text) ?? 0) + 1);
  const fail = (text: string, because: string): Failure => ({ of: "POST", because: `${because} (${text})` });
  return [
    ...acknowledged.filter((text) => !times.has(text)).map((text) => fail(text, "acknowledged and not done")),
    ...sent.filter((text) => (times.get(text) ?? 0) > 1).map((text) => fail(text, "done twice")),
  ];
}

function parse(text: string): { id?: unknown; echo?: unknown } | undefined {
  try {
    return JSON.parse(text) as { id?: unknown; echo?: unknown };
  } catch {
    return undefined;
  }
}
