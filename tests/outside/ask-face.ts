import { request } from "node:http";

export const TOKEN = "a-token-of-the-tests";

export interface Question {
  readonly method: string;
  readonly path: string;
  readonly body?: string | undefined;
  /** Instead of the right ones; `undefined` leaves one out. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
}

export interface Answer {
  readonly status: number;
  readonly type: string | undefined;
  readonly body: unknown;
}

/** Asks the HTTP face as somebody outside would. */
export function askFace(port: number, { method, path, body, headers = {} }: Question): Promise<Answer> {
  const all: Record<string, string | undefined> = { host: `127.0.0.1:${port}`, authorization: `Bearer ${TOKEN}`, ...headers };
  const sent = Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined));
  return new Promise((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port, method, path, agent: false, headers: sent }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        resolve({ status: response.statusCode ?? 0, type: response.headers["content-type"], body: text === "" ? undefined : JSON.parse(text) });
      });
    });
    asked.on("error", reject);
    asked.end(body);
  });
}
