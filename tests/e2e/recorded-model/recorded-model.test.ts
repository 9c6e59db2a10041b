import { readdirSync, readFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { afterEach, expect, it } from "vitest";
import { digestRequest } from "./digest-request.ts";
import { complete, type RecordedModel, startRecordedModel } from "./start-recorded-model.ts";

const ANSWERS = new URL("answers/", import.meta.url);
const REQUEST = { model: "recorded", messages: [{ role: "user", content: "nobody asked this" }] };
const open: RecordedModel[] = [];
afterEach(async () => {
  for (const model of open.splice(0)) await model.close();
});

async function start(behave: (text: string, response: ServerResponse) => boolean = () => false): Promise<RecordedModel> {
  const model = await startRecordedModel(behave);
  open.push(model);
  return model;
}
const ask = (model: RecordedModel, body: string) => fetch(`${model.url}/chat/completions`, { method: "POST", body });

it("knows a request by model, messages and tools, in whichever order its keys are", () => {
  const digest = digestRequest(REQUEST);
  expect(digest).toMatch(/^[0-9a-f]{64}$/);
  expect(digestRequest({ temperature: 1, messages: [{ content: "nobody asked this", role: "user" }], model: "recorded" })).toBe(digest);
  expect(digestRequest({ ...REQUEST, model: "another" })).not.toBe(digest);
  expect(digestRequest({ ...REQUEST, tools: [{ type: "function" }] })).not.toBe(digest);
  expect(digestRequest({ ...REQUEST, messages: [...REQUEST.messages, ...REQUEST.messages] })).not.toBe(digest);
});

it("says the digest of what is not recorded, and remembers that it was asked", async () => {
  const model = await start();
  const answer = await ask(model, JSON.stringify(REQUEST));
  expect(answer.status).toBe(404);
  expect(await answer.text()).toContain(digestRequest(REQUEST));
  expect(model.unknown).toHaveLength(1);
  expect(model.unknown[0]).toContain(digestRequest(REQUEST));
});

it("bad input", async () => {
  const model = await start();
  for (const body of ["", "no JSON", "[]", JSON.stringify({ model: "m" })]) expect((await ask(model, body)).status).toBe(500);
  expect(model.unknown).toHaveLength(4);
});

it("leaves to the test what the test answers itself", async () => {
  const model = await start((_text, response) => {
    response.end(JSON.stringify(complete("mine")));
    return true;
  });
  expect(await (await ask(model, JSON.stringify(REQUEST))).json()).toMatchObject({ choices: [{ message: { content: "mine" } }] });
  expect(model.unknown).toEqual([]);
});

it("every recorded answer says who gave it, for which question", () => {
  const names = readdirSync(ANSWERS);
  expect(names.length).toBeGreaterThan(0);
  for (const name of names) {
    expect(name).toMatch(/^[0-9a-f]{64}\.json$/);
    expect(JSON.parse(readFileSync(new URL(name, ANSWERS), "utf8"))).toEqual({
      by: expect.any(String),
      asked: expect.any(String),
      content: expect.any(String),
    });
  }
});
