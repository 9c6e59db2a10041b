import { type Agent, type ClientRequest, request } from "node:http";
import type { Answer } from "./judge-load.ts";

export interface Asked {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly body?: string;
}

/** One request, never repeated. Gives the answer as it came, or why there was none. */
export function ask(port: number, agent: Agent, { method, path, body }: Asked, withinMs: number): Promise<(Answer & { version: string }) | string> {
  return new Promise((resolve) => {
    const headers = body === undefined ? {} : { "content-length": Buffer.byteLength(body) };
    const asked = request({ host: "127.0.0.1", port, agent, method, path, headers });
    const timer = setTimeout(() => {
      resolve(`no whole answer within ${withinMs / 1_000} s`);
      asked.destroy();
    }, withinMs);
    const settle = (outcome: (Answer & { version: string }) | string) => {
      clearTimeout(timer);
      resolve(outcome);
    };
    asked.once("error", (error: NodeJS.ErrnoException) => settle(explain(error, asked)));
    asked.once("response", (response) => {
      let text = "";
      const finish = () => settle({ status: response.statusCode ?? 0, text, isWhole: response.complete, version: String(response.headers["x-agent-version"]) });
      response.setEncoding("latin1").on("data", (chunk: string) => {
        text += chunk;
      });
      response.once("end", finish);
      response.once("error", finish);
    });
    asked.end(body);
  });
}

/** A connection that died while it was idle is said apart: a client may repeat a GET on another one, and must not repeat a POST. */
function explain(error: NodeJS.ErrnoException, asked: ClientRequest): string {
  const code = error.code ?? error.message;
  return asked.reusedSocket ? `${code} on a kept connection` : code;
}
