import { expect, it } from "vitest";
import { type FileConditions, planFileAnswer } from "./plan-file-answer.ts";

const FACTS = { sizeBytes: 100, etag: '"now"' };
const part = (first: number, last: number) => ({ kind: "content", status: 206, first, last });
const WHOLE = { kind: "content", status: 200, first: 0, last: 99 };

it.each<[string, Partial<FileConditions>, object]>([
  ["whole where nothing is said", {}, WHOLE],
  ["from its middle", { range: "bytes=40-" }, part(40, 99)],
  ["a part of it", { range: "bytes=0-0" }, part(0, 0)],
  ["a part that would end beyond it", { range: "bytes=90-500" }, part(90, 99)],
  ["its end", { range: "bytes=-10" }, part(90, 99)],
  ["an end that is longer than it", { range: "bytes=-500" }, part(0, 99)],
  ["beyond it", { range: "bytes=100-" }, { kind: "beyond-its-end" }],
  ["nothing of its end", { range: "bytes=-0" }, { kind: "beyond-its-end" }],
  ["whole where the range runs backwards", { range: "bytes=9-3" }, WHOLE],
  ["whole where there are several ranges", { range: "bytes=0-1,5-6" }, WHOLE],
  ["whole where the range is in no bytes", { range: "pages=0-1" }, WHOLE],
  ["whole where the range says nothing", { range: "bytes=-" }, WHOLE],
  ["whole where the range has no sensible number", { range: `bytes=${"9".repeat(40)}-` }, WHOLE],
  ["whole where the head alone is asked for", { method: "HEAD", range: "bytes=40-" }, WHOLE],
  ["the rest, where it is the same file still", { range: "bytes=40-", ifRange: '"now"' }, part(40, 99)],
  ["whole where it is another file now", { range: "bytes=40-", ifRange: '"before"' }, WHOLE],
  ["whole where a date is all that is known", { range: "bytes=40-", ifRange: "Mon, 01 Jan 2029 00:00:00 GMT" }, WHOLE],
  ["not again to who has it", { ifNoneMatch: '"before", W/"now"' }, { kind: "unchanged" }],
  ["not again to who has anything", { ifNoneMatch: "*" }, { kind: "unchanged" }],
  ["whole to who has another", { ifNoneMatch: '"before"' }, WHOLE],
])("a file is given %s", (_, conditions, answer) => {
  expect(planFileAnswer(FACTS, { method: "GET", ...conditions })).toEqual(answer);
});

it("an empty file is given whole, and has no part", () => {
  const facts = { ...FACTS, sizeBytes: 0 };
  expect(planFileAnswer(facts, { method: "GET" })).toEqual({ kind: "content", status: 200, first: 0, last: -1 });
  for (const range of ["bytes=0-", "bytes=-5"]) expect(planFileAnswer(facts, { method: "GET", range })).toEqual({ kind: "beyond-its-end" });
});
