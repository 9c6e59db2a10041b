import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { writeWhole } from "./write-whole.js";

const HOUR_MS = 3_600_000;
const KEPT = 200;
const WAITING_LIMIT = 20;

/**
 * The agent's state: how much it has converted, and the requests that it could not answer. On disk before anybody is told, because the version that
 * follows goes on with it.
 *
 * A request: `{ id, question, units, state: "waiting" | "done" | "failed", because, comment, answer, update, rejected, tries, notBeforeMs, atMs }`.
 * `update`: its last deployment; `rejected`: why that was not taken, for the revision; `tries`: how often a change was begun for it; `notBeforeMs`: no try before then; `comment`: what a person said who rejected one; `atMs`: when it was opened, and once it has ended when that was.
 */
export class RequestBook {
  #path;
  #now;
  #held;

  /** Opens the state in `folder`. @param {() => number} now milliseconds of the wall clock: the limit per hour outlives the process */
  constructor(folder, now) {
    mkdirSync(folder, { recursive: true });
    this.#path = join(folder, "requests.json");
    this.#now = now;
    this.#held = existsSync(this.#path) ? JSON.parse(readFileSync(this.#path, "utf8")) : { converted: 0, attemptsMs: [], requests: [] };
  }

  get converted() {
    return this.#held.converted;
  }

  /** Oldest first. */
  get requests() {
    return this.#held.requests;
  }

  /** When changes were begun within the last hour. */
  get attemptsMs() {
    return this.#held.attemptsMs.filter((atMs) => atMs > this.#now() - HOUR_MS);
  }

  find(id) {
    return this.requests.find((each) => each.id === id);
  }

  countConverted() {
    this.#write({ converted: this.converted + 1 });
    return this.converted;
  }

  /**
   * The request that stands for a question: the one that waits for the very same, one that failed for the same units within the last hour, or a new one.
   *
   * @returns undefined where too many wait
   */
  open(question, units) {
    const same = this.requests.find(
      (each) =>
        (each.state === "waiting" && JSON.stringify(each.question) === JSON.stringify(question)) ||
        (each.state === "failed" && each.atMs > this.#now() - HOUR_MS && each.units.join() === units.join()),
    );
    if (same !== undefined) return same;
    if (this.requests.filter(({ state }) => state === "waiting").length >= WAITING_LIMIT) return undefined;
    const opened = { id: randomUUID(), question, units, state: "waiting", because: "it is to be looked at", comment: null, answer: null };
    const request = { ...opened, update: null, rejected: null, tries: 0, notBeforeMs: 0, atMs: this.#now() };
    this.#write({ requests: [...this.#dropOldest(), request] });
    return request;
  }

  /** Puts what became of a request in the place of what was there. */
  put(request) {
    const was = this.find(request.id);
    const atMs = was.state === request.state ? was.atMs : this.#now();
    this.#write({ requests: this.requests.map((each) => (each.id === request.id ? { ...request, atMs } : each)) });
  }

  /** Before a change is begun: a crash after this costs one of the tries, and none before it can cost more. */
  noteAttempt(request) {
    this.#write({
      attemptsMs: [...this.attemptsMs, this.#now()],
      requests: this.requests.map((each) => (each.id === request.id ? { ...each, tries: each.tries + 1, because: "a model is asked for a change" } : each)),
    });
    return this.find(request.id);
  }

  #dropOldest() {
    const tooMany = this.requests.length - KEPT + 1;
    const dropped = new Set(this.requests.filter(({ state }) => state !== "waiting").slice(0, Math.max(0, tooMany)));
    return this.requests.filter((each) => !dropped.has(each));
  }

  #write(change) {
    this.#held = { ...this.#held, ...change };
    writeWhole(this.#path, JSON.stringify(this.#held));
  }
}
