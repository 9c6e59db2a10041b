/** One message of a `text/event-stream`. */
export interface StreamMessage {
  readonly event: string;
  readonly data: string;
  readonly id: string | null;
}

/** Whoever sends more than this without an end of the message is not our daemon. */
const LONGEST_MESSAGE = 8_388_608;

/**
 * Cuts a stream into its messages, however its pieces fall (HTML, §9.2.6). A comment line is no message, but it is a sign of life: whoever reads sees the piece.
 */
export function createEventStreamParser(): (piece: string) => StreamMessage[] {
  let rest = "";
  return (piece) => {
    rest += piece;
    if (rest.length > LONGEST_MESSAGE) throw new Error("a message of the event stream is too long");
    const blocks = rest.split(/\r\n\r\n|\n\n|\r\r/);
    rest = blocks.pop() ?? "";
    return blocks.flatMap(parseBlock);
  };
}

function parseBlock(block: string): StreamMessage[] {
  let event = "message";
  let id: string | null = null;
  const data: string[] = [];
  for (const line of block.split(/\r\n|\n|\r/)) {
    const colon = line.indexOf(":");
    if (colon === 0) continue;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") event = value;
    else if (field === "id" && !value.includes("\0")) id = value;
    else if (field === "data") data.push(value);
  }
  return data.length === 0 && id === null ? [] : [{ event, data: data.join("\n"), id }];
}
