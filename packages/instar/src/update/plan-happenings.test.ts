import { describe, expect, it } from "vitest";
import type { EntryBody, UpdateId } from "./journal-entry.ts";
import { planHappenings } from "./plan-happenings.ts";
import { applied, applying, ended, START, stuck } from "./tell-journal.testing.ts";

const tell = (body: EntryBody) => planHappenings("u1" as UpdateId, START, body, { instance: "ana", at: "2026-11-28T03:00:00.000Z" });
const held = (because: string, heldSinceTickMs: number): EntryBody => ({
  kind: "waiting",
  step: "watch",
  waitsFor: "operator",
  untilTickMs: 0,
  because,
  noted: { heldSinceTickMs },
});

describe("what people are told of a journal", () => {
  it("is how an update ended, under the word of its outcome", () =>
    expect(tell(ended("rolled-back", "40 of 100 requests failed"))).toMatchObject([
      { occasion: "rolled-back", update: "u1", summary: expect.stringContaining("40 of 100 requests failed") },
    ]));
  it("is that it is stuck, with what answers it", () =>
    expect(tell(stuck())).toMatchObject([{ occasion: "stuck", advice: expect.stringContaining("resolve") }]));
  it("is that it waits for a person, once for each time that it began to, however its words change", () => {
    const keyOf = (body: EntryBody) => tell(body)[0]?.key;
    expect(keyOf(held("memory grew by 8 %", 1_000))).toBe(keyOf(held("memory grew by 9 %", 1_000)));
    expect(keyOf(held("memory grew by 8 %", 1_000))).not.toBe(keyOf(held("memory grew by 8 %", 9_000)));
  });
  it("is where a word is to be given: in the console where a passkey must sign it", () => {
    const waiting = (wantsPasskey: boolean): EntryBody => ({
      ...{ kind: "waiting", step: "approve", waitsFor: "approval", untilTickMs: 0, because: "1 person must approve it" },
      noted: { approval: { wantsPasskey } },
    });
    expect(tell(waiting(false))[0]?.advice).toContain("instar update approve u1, or");
    expect(tell(waiting(true))[0]?.advice).toContain("with your passkey in the console (instar console), or");
  });
  it("is nothing of the rest: that it watches, that a step begins or is done", () => {
    const watching: EntryBody = { kind: "waiting", step: "watch", waitsFor: "observation", untilTickMs: 0, because: "", noted: {} };
    expect([watching, applying("switch"), applied("switch")].flatMap(tell)).toEqual([]);
  });
});
