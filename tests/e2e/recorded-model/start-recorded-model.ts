import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { digestRequest } from "./digest-request.ts";

const ANSWERS = fileURLToPath(new URL("answers", import.meta.url));
const request = z.looseObject({ model: z.string(), messages: z.array(z.looseObject({ role: z.string(), content: z.unknown() })) });
const completion = z.looseObject({ choices: z.array(z.looseObject({ message: z.looseObject({ content: z.string().nullable() }) })).min(1) });

/** A model that is asked instead of the record; its answers are written down beside it, in answers.new. */
export interface AskedInstead {
  /** With the version, as in http://127.0.0.1:11434/v1. */
  readonly url: string;
  readonly name: string;
  readonly key: string | undefined;
}

export interface RecordedModel {
  /** With the version. */
  readonly url: string;
  /** What was asked and is in no file, one sentence each. A test that ends with any has failed. */
  readonly unknown: readonly string[];
  readonly askedCount: () => number;
  readonly close: () => Promise<void>;
}

/**
 * A server on loopback that speaks OpenAI's /chat/completions. It answers from answers/<digest>.json, and what it does not know with 404 and the request's
 * digest.
 *
 * @param behave answers a question itself, by its text; false: it is left to the record
 * @param instead where the answers come from anew
 */
export async function startRecordedModel(behave: (text: string, response: ServerResponse) => boolean, instead?: AskedInstead): Promise<RecordedModel> {
  const unknown: string[] = [];
  let askedCount = 0;
  const server = createServer((asked, response) => {
    const chunks: Buffer[] = [];
    asked.on("data", (chunk: Buffer) => chunks.push(chunk));
    asked.on("end", async () => {
      askedCount += 1;
      const text = Buffer.concat(chunks).toString("utf8");
      if (behave(text, response)) return;
      const { status, body } = await answer(text, instead).catch((error: Error) => ({
        status: 500,
        body: JSON.stringify({ error: { message: error.message } }),
      }));
      if (status !== 200) unknown.push(body);
      response.writeHead(status, { "content-type": "application/json" }).end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, unknown, askedCount: () => askedCount, close };
}

async function answer(text: string, instead: AskedInstead | undefined): Promise<{ status: number; body: string }> {
  const body = request.parse(JSON.parse(text));
  const digest = digestRequest(body);
  const path = join(instead === undefined ? ANSWERS : `${ANSWERS}.new`, `${digest}.json`);
  if (instead !== undefined) {
    const answered = await askInstead(body, instead);
    const asked = String(body.messages.at(-1)?.content).split("\n")[0];
    writeFileSync(path, `${JSON.stringify({ by: instead.name, asked, content: answered }, null, 2)}\n`);
  }
  if (!existsSync(path))
    return { status: 404, body: JSON.stringify({ error: { message: `no answer is recorded for the request ${digest}: ${text.slice(0, 2_000)}` } }) };
  const { content } = z.object({ content: z.string() }).parse(JSON.parse(readFileSync(path, "utf8")));
  return { status: 200, body: JSON.stringify(complete(content)) };
}

async function askInstead(body: z.output<typeof request>, { url, name, key }: AskedInstead): Promise<string> {
  const answered = await fetch(`${url}/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(key === undefined ? {} : { authorization: `Bearer ${key}` }) },
    body: JSON.stringify({ ...body, model: name }),
  });
  if (!answered.ok) throw new Error(`${url} answered ${answered.status}: ${(await answered.text()).slice(0, 500)}`);
  return completion.parse(await answered.json()).choices[0]?.message.content ?? "";
}

/** As such an endpoint answers when a model said `content`. */
export const complete = (content: string): object => ({
  id: "recorded",
  object: "chat.completion",
  created: 1,
  model: "recorded",
  choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }],
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
});
