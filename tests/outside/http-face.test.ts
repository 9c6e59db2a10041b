import { ERROR_CODES, type ErrorCode, type Implementations, InstarError } from "@instar/protocol";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type HttpFace, serveHttp } from "../../packages/instar/src/faces/http/serve-http.ts";
import { type Answer, askFace, type Question, TOKEN } from "./ask-face.ts";
import { createFakeEntrance } from "./fake-entrance.ts";
import { createFakeImplementations } from "./fake-implementations.ts";

const { implementations, calls } = createFakeImplementations();
let failure: unknown;
let face: HttpFace;
beforeAll(async () => {
  const failing: Implementations = {
    ...implementations,
    history: async () => {
      throw failure;
    },
  };
  face = await serveHttp(createFakeEntrance(failing));
});
afterAll(() => face.close());

const ask = (question: Partial<Question>): Promise<Answer> => askFace(face.port, { method: "GET", path: "/v1/status", ...question });

async function expectProblem(question: Partial<Question>, code: ErrorCode, status: number = ERROR_CODES[code].status): Promise<void> {
  const before = calls.length;
  const answer = await ask(question);
  expect(answer).toMatchObject({
    status,
    type: "application/problem+json",
    body: {
      type: `https://instar.invalid/errors#${code}`,
      title: ERROR_CODES[code].title,
      status,
      code,
      number: ERROR_CODES[code].number,
      detail: expect.stringMatching(/\S/),
    },
  });
  expect(calls.length).toBe(before);
}

describe("the HTTP face lets in nobody but who has the token and calls it by its name:", () => {
  it("answers with the token, under each name of this machine", async () => {
    for (const host of ["127.0.0.1", "localhost", "[::1]"]) expect((await ask({ headers: { host: `${host}:${face.port}` } })).status).toBe(200);
  });
  it.each([
    undefined,
    "",
    "Bearer",
    "Bearer ",
    `Bearer ${TOKEN}x`,
    `Bearer ${"x".repeat(TOKEN.length)}`,
    `Bearer ${TOKEN.slice(1)}`,
    `Basic ${TOKEN}`,
    TOKEN,
    `bearer\t${TOKEN}`,
  ])("refuses the authorization %j", (authorization) => expectProblem({ headers: { authorization } }, "UNAUTHORIZED", 401));
  it.each(["example.com", "127.0.0.1.example.com", "localhost.example.com:80", "evil-localhost", "169.254.169.254", "0.0.0.0"])(
    "refuses the host %s, right token or not",
    (host) => expectProblem({ headers: { host } }, "UNAUTHORIZED", 401),
  );
  it("does not say to a stranger what there is", () =>
    expectProblem({ path: "/v1/there/is/nothing", headers: { authorization: undefined } }, "UNAUTHORIZED", 401));
});

describe("a request with a mistake is refused before anything hears of it:", () => {
  it.each([
    ["no JSON", "{"],
    ["another kind of value", "[]"],
    ["a number", "7"],
    ["an unknown key", '{"target":"main","force":true}'],
    ["a value of the wrong kind", '{"untested":"yes"}'],
    ["an empty target", '{"target":""}'],
  ])("a body that is %s", (_, body) => expectProblem({ method: "POST", path: "/v1/update/apply", body }, "INPUT_INVALID", 400));
  it("an input that is missing", () => expectProblem({ path: "/v1/update/show" }, "INPUT_INVALID", 400));
  it("an unknown parameter", () => expectProblem({ path: "/v1/update/list?limits=3" }, "INPUT_INVALID", 400));
  it.each(["0", "1001", "-1", "1.5", "many"])("a limit of %s", (limit) => expectProblem({ path: `/v1/update/list?limit=${limit}` }, "INPUT_INVALID", 400));
  it("a body longer than a mebibyte", () =>
    expectProblem({ method: "POST", path: "/v1/update/apply", body: JSON.stringify({ target: "x".repeat(1_048_576) }) }, "INPUT_INVALID", 400));
  it("a body longer than a mebibyte that does not say its length", () =>
    expectProblem(
      { method: "POST", path: "/v1/update/apply", body: JSON.stringify({ target: "x".repeat(1_048_576) }), headers: { "transfer-encoding": "chunked" } },
      "INPUT_INVALID",
      400,
    ));
  it.each([
    ["GET", "/"],
    ["GET", "/v1"],
    ["GET", "/v1/update.list"],
    ["GET", "/v1/update/apply"],
    ["POST", "/v1/status"],
    ["DELETE", "/v1/status"],
  ])("%s %s, which is no operation", (method, path) => expectProblem({ method, path }, "NOT_FOUND", 404));
});

describe("an operation that fails answers with its problem:", () => {
  it.each(Object.keys(ERROR_CODES) as ErrorCode[])("%s", async (code) => {
    failure = new InstarError(code, "it went wrong", { cause: new Error("deep below"), facts: { where: "here" }, advice: "Mend it." });
    expect(await ask({ path: "/v1/history" })).toMatchObject({
      status: ERROR_CODES[code].status,
      body: { code, detail: "it went wrong", facts: { where: "here" }, advice: "Mend it.", causes: ["deep below"] },
    });
  });
  it("an error that is none of ours is 500 and keeps its words among the causes", async () => {
    failure = new TypeError("x is not a function");
    expect(await ask({ path: "/v1/history" })).toMatchObject({
      status: 500,
      type: "application/problem+json",
      body: { code: "UNEXPECTED", causes: ["x is not a function"] },
    });
  });
});
