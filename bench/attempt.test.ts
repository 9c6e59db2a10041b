import { expect, it } from "vitest";
import { createAttempt } from "./attempt.ts";

const fail = () => Promise.reject(new Error("no disk"));

it("a part that could not be measured gives the reason and is remembered; the next one is tried", async () => {
  const problems: string[] = [];
  const attempt = createAttempt(problems, new AbortController().signal);
  expect(await attempt("nginx", fail)).toBe("could not be measured: no disk");
  expect(await attempt("pm2", async () => 7)).toBe(7);
  expect(problems).toEqual(["nginx could not be measured: no disk"]);
});

it("an interruption is passed on", async () => {
  const problems: string[] = [];
  const attempt = createAttempt(problems, AbortSignal.abort(new Error("interrupted")));
  await expect(attempt("nginx", fail)).rejects.toThrow("interrupted");
  expect(problems).toEqual([]);
});
