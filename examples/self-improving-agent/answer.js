// What the agent does with a request, apart from HTTP and the disk.
import { convert } from "./skills/convert.js";

export const version = "1.0.0";

/** A unit is a word and nothing else: it ends up in a question to a model, and in a file's name. */
const UNIT = /^[a-z]{1,24}$/;
const DECIMAL = /^-?\d{1,12}(\.\d{1,12})?$/;

/**
 * @param {import("./requests/request-book.js").RequestBook} book
 * @returns {{ status: number, body: object }}
 */
export function answer(method, url, book) {
  if (!URL.canParse(url, "http://agent")) return { status: 400, body: { error: "that is no address" } };
  const { pathname, searchParams } = new URL(url, "http://agent");
  if (method === "GET" && pathname === "/") return { status: 200, body: { version, converted: book.converted } };
  if (method === "GET" && pathname === "/health") return { status: 200, body: { ok: true, version } };
  if (method === "GET" && pathname === "/convert") return answerQuestion(searchParams, book);
  if (method === "GET" && pathname.startsWith("/requests/")) return answerRequest(book.find(pathname.slice("/requests/".length)));
  return { status: 404, body: { error: "there is no such thing here" } };
}

function answerQuestion(asked, book) {
  const question = parseQuestion(asked);
  if (question === undefined) return { status: 400, body: { error: "ask /convert?from=cm&to=km&value=2: units in lower case, value a decimal number" } };
  const result = convert(question);
  if (result.kind === "converted") return { status: 200, body: { value: result.value, unit: question.to, number: book.countConverted() } };
  if (result.kind === "mismatched") return { status: 400, body: { error: result.because } };
  const request = book.open(question, result.units);
  const error = `I do not know ${result.units.join(" and ")}`;
  if (request === undefined) return { status: 422, body: { error: `${error}, and too much waits already for me to learn it`, request: null } };
  return { status: 422, body: { error, request: request.id, see: `/requests/${request.id}` } };
}

function answerRequest(request) {
  if (request === undefined) return { status: 404, body: { error: "there is no such request" } };
  const { id, question, state, because, comment, answer: found, update, tries } = request;
  return { status: 200, body: { id, question, state, because, comment, answer: found, update, tries } };
}

/** @returns undefined where it is no question */
export function parseQuestion(asked) {
  const [from, to, value] = ["from", "to", "value"].map((name) => asked.get(name) ?? "");
  return UNIT.test(from) && UNIT.test(to) && DECIMAL.test(value) ? { from, to, value: Number(value) } : undefined;
}
