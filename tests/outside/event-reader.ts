import { type IncomingMessage, request } from "node:http";
import { createEventStreamParser, type StreamMessage } from "../../packages/console/src/data/parse-event-stream.ts";
import type { ConsoleWorld, Papers } from "./console-world.ts";

/** Reads a stream of events as the page does. */
export class EventReader {
  readonly messages: StreamMessage[] = [];
  /** Every byte, also those that are no message. */
  text = "";
  status = 0;
  hasEnded = false;
  readonly #response: IncomingMessage;

  private constructor(response: IncomingMessage) {
    this.#response = response;
    this.status = response.statusCode ?? 0;
    const parse = createEventStreamParser();
    response.setEncoding("utf8").on("data", (chunk: string) => {
      this.text += chunk;
      if (this.status === 200) this.messages.push(...parse(chunk));
    });
    for (const end of ["end", "error", "close"])
      response.on(end, () => {
        this.hasEnded = true;
      });
  }

  static open(world: ConsoleWorld, by: Papers | string, path = "/v1/events"): Promise<EventReader> {
    const papers =
      typeof by === "string" ? { authorization: `Bearer ${by}` } : { cookie: by.cookie, "x-instar-session": by.secret, "sec-fetch-site": "same-origin" };
    return new Promise((resolve, reject) => {
      const asked = request({ host: "127.0.0.1", port: world.face.port, path, agent: false, headers: { host: world.host, ...papers } }, (response) =>
        resolve(new EventReader(response)),
      );
      asked.on("error", reject).end();
    });
  }

  of(event: string): StreamMessage[] {
    return this.messages.filter((message) => message.event === event);
  }

  get ids(): number[] {
    return this.of("journal").map(({ id }) => Number(id));
  }

  get changed(): string[] {
    return this.of("changed").flatMap(({ data }) => (JSON.parse(data) as { what: string[] }).what);
  }

  pause(): void {
    this.#response.pause();
  }

  resume(): void {
    this.#response.resume();
  }

  /** Goes without a word. */
  vanish(): void {
    this.#response.destroy();
  }
}
