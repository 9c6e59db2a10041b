// What people do to an agent while its keeper is replaced, and what becomes of each of their requests.

import { once } from "node:events";
import { Agent, type ClientRequest, type IncomingMessage, request } from "node:http";

/** Clients that ask all the time until they are told to stop. Every failure is kept, in words. */
export class Traffic {
  readonly failures: string[] = [];
  /** Answered well. */
  answered = 0;
  readonly #port: number;
  readonly #stop = new AbortController();
  readonly #clients: Promise<void>[] = [];

  constructor(port: number) {
    this.#port = port;
  }

  /** @param isKept true: the client asks again on the connection that it has, as browsers and proxies do */
  start(clients: number, isKept: boolean): void {
    for (let at = 0; at < clients; at += 1) this.#clients.push(this.#askOn(isKept));
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#clients);
  }

  async #askOn(isKept: boolean): Promise<void> {
    const agent = isKept ? new Agent({ keepAlive: true, maxSockets: 1 }) : false;
    while (!this.#stop.signal.aborted)
      await askWhole(this.#port, agent).then(
        () => {
          this.answered += 1;
        },
        (error: unknown) => this.failures.push(`${isKept ? "kept" : "fresh"} connection: ${String(error)}`),
      );
    if (agent !== false) agent.destroy();
  }
}

async function askWhole(port: number, agent: Agent | false): Promise<void> {
  const call = request({ host: "127.0.0.1", port, agent }).end();
  const [answer] = (await once(call, "response")) as [IncomingMessage];
  for await (const _ of answer);
  if (answer.statusCode !== 200) throw new Error(`status ${answer.statusCode}`);
}

/** A stream of numbered events, read as they come. */
export class EventReader {
  readonly ended: Promise<void>;
  readonly #call: ClientRequest;
  #text = "";

  constructor(port: number) {
    this.#call = request({ host: "127.0.0.1", port, path: "/events", agent: false })
      .on("error", () => undefined)
      .end();
    this.ended = this.#read();
    this.ended.catch(() => undefined);
  }

  /** The numbers that came. */
  get events(): number[] {
    return this.#text
      .split("\n\n")
      .slice(0, -1)
      .map((event) => Number(event.slice("data: ".length)));
  }

  async #read(): Promise<void> {
    const [answer] = (await once(this.#call, "response")) as [IncomingMessage];
    for await (const chunk of answer.setEncoding("utf8") as AsyncIterable<string>) this.#text += chunk;
  }
}

/** A POST that is sent piece by piece; the agent answers with how much came. */
export class Upload {
  readonly #call: ClientRequest;
  #sizeBytes = 0;

  constructor(port: number) {
    this.#call = request({ host: "127.0.0.1", port, method: "POST", agent: false });
    this.#call.on("error", () => undefined);
  }

  async send(sizeBytes: number): Promise<void> {
    this.#sizeBytes += sizeBytes;
    await new Promise((resolve) => this.#call.write(Buffer.alloc(sizeBytes, "x"), resolve));
  }

  /** @returns what was sent and what the agent says that came */
  async end(): Promise<{ sent: number; arrived: number }> {
    const response = once(this.#call.end(), "response") as Promise<[IncomingMessage]>;
    const [answer] = await response;
    let text = "";
    for await (const chunk of answer.setEncoding("utf8") as AsyncIterable<string>) text += chunk;
    return { sent: this.#sizeBytes, arrived: Number(text) };
  }
}
