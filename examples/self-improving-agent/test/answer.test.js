import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { answer } from "../answer.js";
import { RequestBook } from "../requests/request-book.js";

const HOUR_MS = 3_600_000;
let folder;
let nowMs;
let book;
const open = () => new RequestBook(folder, () => nowMs);
const get = (url) => answer("GET", url, book);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "self-improving-agent-"));
  nowMs = 10 * HOUR_MS;
  book = open();
});
afterEach(() => rmSync(folder, { recursive: true }));

test("is well, converts, and goes on counting after a restart", () => {
  assert.equal(get("/health").status, 200);
  assert.deepEqual(get("/convert?from=km&to=m&value=2"), { status: 200, body: { value: 2_000, unit: "m", number: 1 } });
  book = open();
  assert.equal(get("/convert?from=km&to=m&value=2").body.number, 2);
});

test("what it does not know becomes a request, which is still there after a restart", () => {
  const asked = get("/convert?from=cm&to=smoot&value=2");
  assert.equal(asked.status, 422);
  book = open();
  const { status, body } = get(asked.body.see);
  assert.equal(status, 200);
  assert.deepEqual([body.id, body.state, body.answer], [asked.body.request, "waiting", null]);
});

test("bad input", () => {
  for (const url of [
    "/convert",
    "/convert?from=cm&to=m",
    "/convert?from=cm&to=m&value=1e400",
    "/convert?from=cm&to=m&value=NaN",
    "/convert?from=cm&to=../../x&value=1",
    "/convert?from=cm&to=a%0Ab&value=1",
    `/convert?from=cm&to=${"x".repeat(25)}&value=1`,
    "/convert?from=km&to=kg&value=1",
    "//",
  ])
    assert.equal(get(url).status, 400, url);
  for (const url of ["/requests/none", "/requests/", "/x"]) assert.equal(get(url).status, 404, url);
  assert.equal(answer("POST", "/convert?from=km&to=m&value=2", book).status, 404);
  assert.deepEqual(book.requests, []);
});

test("asked the same again it is the same request, and one that failed is not tried again within the hour", () => {
  const ask = (value) => get(`/convert?from=cm&to=smoot&value=${value}`).body.request;
  const first = ask(2);
  assert.equal(ask(2), first);
  assert.notEqual(ask(3), first);
  // The hour counts from the failure on.
  nowMs += HOUR_MS * 0.75;
  for (const each of book.requests) book.put({ ...each, state: "failed", because: "no" });
  assert.equal(ask(4), first);
  nowMs += HOUR_MS / 2;
  assert.equal(ask(4), first);
  nowMs += HOUR_MS;
  assert.notEqual(ask(4), first);
  assert.equal(book.requests.length, 3);
});

test("an attempt counts for an hour, also after a restart", () => {
  book.noteAttempt(book.open({ from: "cm", to: "smoot", value: 1 }, ["smoot"]));
  nowMs += HOUR_MS - 1;
  book = open();
  assert.equal(book.attemptsMs.length, 1);
  nowMs += 1;
  assert.deepEqual(book.attemptsMs, []);
});

test("too much that waits", () => {
  for (let n = 0; n < 20; n += 1) assert.ok(get(`/convert?from=cm&to=smoot&value=${n}`).body.request);
  const { status, body } = get("/convert?from=cm&to=smoot&value=20");
  assert.deepEqual([status, body.request], [422, null]);
  assert.equal(book.requests.length, 20);
});

test("ended requests are forgotten, oldest first, and those that wait are not", () => {
  const waiting = book.open({ from: "cm", to: "smoot", value: 1 }, ["smoot"]);
  for (let n = 0; n < 210; n += 1) book.put({ ...book.open({ from: "cm", to: "hand", value: n }, ["hand"]), state: "done" });
  assert.equal(book.requests.length, 200);
  assert.deepEqual(book.requests[0], waiting);
});
