import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What the model says, in whichever protocol it is asked; or what its server does instead. */
export type Behaviour =
  | { readonly kind: "says"; readonly text: string; readonly finish?: "stop" | "length" | "filtered"; readonly refusal?: string }
  | { readonly kind: "status"; readonly status: number; readonly body?: string; readonly headers?: Readonly<Record<string, string>> }
  /** A body with status 200, as it is. */
  | { readonly kind: "body"; readonly body: string | Buffer; readonly headers?: Readonly<Record<string, string>> }
  /** So many bytes of an answer, as fast as they are read. */
  | { readonly kind: "flood"; readonly sizeBytes: number }
  /** A head, half an answer, and then nothing. */
  | { readonly kind: "stalls" }
  /** Not even a head. */
  | { readonly kind: "hangs" }
  /** Half an answer, and the connection is gone. */
  | { readonly kind: "breaks-off" };

export interface HeardQuestion {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly body: Record<string, unknown>;
}

export interface SimulatedModel {
  readonly origin: string;
  /** As instar.yaml would name it. */
  readonly baseUrl: string;
  readonly heard: HeardQuestion[];
  /** Bytes of a flood that were handed to the socket before it closed. */
  readonly floodedBytes: () => number;
  /** Resolves when a question was heard to its end. */
  readonly asked: Promise<void>;
  readonly close: () => Promise<void>;
}

/** A server on loopback that speaks OpenAI's /chat/completions and Anthropic's /messages, and behaves as it is told, or as it is told at each question. */
export async function startSimulatedModel(behaviour: Behaviour | (() => Behaviour)): Promise<SimulatedModel> {
  const heard: HeardQuestion[] = [];
  const asked = Promise.withResolvers<void>();
  let floodedBytes = 0;
  const server = createServer((question, response) => {
    const chunks: Buffer[] = [];
    question.on("data", (chunk: Buffer) => chunks.push(chunk));
    question.on("end", () => {
      const text = Buffer.concat(chunks).toString("utf8");
      const body = JSON.parse(text === "" ? "{}" : text) as Record<string, unknown>;
      heard.push({ path: question.url ?? "", headers: question.headers, text, body });
      behave(typeof behaviour === "function" ? behaviour() : behaviour, question.url ?? "", body, response, (bytes) => {
        floodedBytes += bytes;
      });
      asked.resolve();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { origin, baseUrl: `${origin}/v1`, heard, floodedBytes: () => floodedBytes, asked: asked.promise, close };
}

function behave(behaviour: Behaviour, path: string, asked: Record<string, unknown>, response: ServerResponse, count: (bytes: number) => void): void {
  const json = { "content-type": "application/json" };
  switch (behaviour.kind) {
    case "says":
      response.writeHead(200, json).end(JSON.stringify(path.endsWith("/messages") ? sayAsAnthropic(behaviour, asked) : sayAsOpenai(behaviour)));
      return;
    case "status":
      response.writeHead(behaviour.status, { ...json, ...behaviour.headers }).end(behaviour.body ?? "");
      return;
    case "body":
      response.writeHead(200, { ...json, ...behaviour.headers }).end(behaviour.body);
      return;
    case "flood":
      response.writeHead(200, json);
      flood(response, behaviour.sizeBytes, count);
      return;
    case "stalls":
      response.writeHead(200, json).write('{"choices":[{"message":{"content":"');
      return;
    case "hangs":
      return;
    case "breaks-off":
      response.writeHead(200, { ...json, "content-length": "1000" }).write('{"choices":[', () => response.destroy());
  }
}

/** Waits until what it wrote was taken: a reader that stops is noticed. */
function flood(response: ServerResponse, sizeBytes: number, count: (bytes: number) => void): void {
  const chunk = Buffer.alloc(16_384, " ");
  let left = sizeBytes;
  const go = (): void => {
    while (left > 0 && !response.destroyed) {
      left -= chunk.length;
      count(chunk.length);
      if (!response.write(chunk)) return void response.once("drain", go);
    }
    response.end();
  };
  go();
}

type Said = Extract<Behaviour, { kind: "says" }>;

function sayAsOpenai({ text, finish = "stop", refusal }: Said): object {
  const message = { role: "assistant", content: refusal === undefined ? text : null, refusal: refusal ?? null };
  const usage = { prompt_tokens: 1_200, completion_tokens: 90, total_tokens: 1_290 };
  return {
    id: "1",
    object: "chat.completion",
    created: 1,
    model: "m",
    choices: [{ index: 0, message, finish_reason: finish === "filtered" ? "content_filter" : finish }],
    usage,
  };
}

/** A model that has no form for its answers is given a tool for them. */
function sayAsAnthropic({ text, finish = "stop", refusal }: Said, { tools }: Record<string, unknown>): object {
  const said = refusal ?? text;
  const [content, done] =
    tools === undefined || refusal !== undefined || finish !== "stop"
      ? [said === "" ? [] : [{ type: "text", text: said }], "end_turn"]
      : [[{ type: "tool_use", id: "t", name: "json", input: JSON.parse(said) }], "tool_use"];
  const reason = refusal !== undefined || finish === "filtered" ? "refusal" : finish === "length" ? "max_tokens" : done;
  return {
    type: "message",
    id: "1",
    model: "m",
    role: "assistant",
    content,
    stop_reason: reason,
    stop_sequence: null,
    usage: { input_tokens: 1_200, output_tokens: 90 },
  };
}
