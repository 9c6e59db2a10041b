import type { ServerResponse } from "node:http";
import type { Entrance } from "../../operations/open-entrance.ts";

type EventStream = ReturnType<Entrance["events"]["open"]>;
type StreamItem = EventStream["items"] extends AsyncGenerator<infer Item> ? Item : never;

/**
 * Events as a stream of text (HTML, §9.2), one item for each time that the socket has room. To be read by `fetch`: a browser's EventSource sends no headers.
 * @param hide what is taken out of each item, for whom it must be
 * @param outgoing the socket's side of the answer
 */
export function answerEvents({ items, over, leave }: EventStream, hide: <Value>(value: Value) => Value, outgoing: ServerResponse | undefined): Response {
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>(
    {
      start: (controller) =>
        over.addEventListener(
          "abort",
          () => {
            // What is closed may still lie in front of who does not read: such a line is cut.
            if (outgoing?.writableNeedDrain === true) outgoing.destroy();
            else closeQuietly(controller);
          },
          { once: true },
        ),
      pull: async (controller) => {
        const { value, done } = await items.next();
        if (done) closeQuietly(controller);
        else if (!over.aborted) controller.enqueue(encoder.encode(renderItem(value, hide)));
      },
      cancel: leave,
    },
    { highWaterMark: 0 },
  );
  return new Response(body, { headers: { "content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no" } });
}

function closeQuietly(controller: ReadableStreamDefaultController): void {
  try {
    controller.close();
  } catch {
    // It was closed or cancelled already: either side may end first.
  }
}

function renderItem(item: StreamItem, hide: <Value>(value: Value) => Value): string {
  if (item.kind === "beat") return ": still here\n\n";
  const { kind, ...rest } = item;
  const { id, ...data } = "id" in rest ? rest : { id: undefined, ...rest };
  return `event: ${kind}\n${id === undefined ? "" : `id: ${id}\n`}data: ${JSON.stringify(hide(data))}\n\n`;
}
