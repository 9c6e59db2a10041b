import { describe, expect, it } from "vitest";
import { findExchange } from "./find-exchange.ts";
import { STEPS, type Told, tellJournal } from "./tell-journal.testing.ts";

const applied = (...steps: string[]): Told[] => steps.flatMap((step) => [{ kind: "applying", step } as const, { kind: "applied", step, gives: {} } as const]);
const failed = (step: string): Told => ({ kind: "failed", step, code: "UNHEALTHY", because: "500 all over", transient: false });
const find = (...told: Told[]) => findExchange(tellJournal(told), 0);

describe("an update is exchanging versions", () => {
  it("from the first entry of the exchange until the new version is confirmed", () => {
    expect(find(...applied("fetch", "stage"), { kind: "applying", step: "switch" })).toBe("'Exchange it' is under way");
    expect(find(...applied("fetch", "stage", "switch"))).toBe("'Confirm it' is under way");
  });

  it("while it goes back from there, also after the new one was confirmed", () => {
    expect(find(...applied("fetch", "stage"), { kind: "applying", step: "switch" }, failed("switch"))).toBe("'Exchange it' is being undone");
    expect(find(...applied("fetch", "stage", "switch", "confirm"), { kind: "applying", step: "watch" }, failed("watch"))).toBe("'Exchange it' is being undone");
    const going = [...applied("fetch", "stage", "switch", "confirm"), { kind: "applying", step: "watch" } as const, failed("watch")];
    expect(find(...going, { kind: "undoing", step: "switch" }, { kind: "undo-failed", step: "switch", code: "UNHEALTHY", because: "not yet" })).toBe("not yet");
  });

  it("in a trial that waits for requests", () => {
    const steps = [{ id: "trial", version: 1, title: "Try it", exchanges: true as const }, ...STEPS];
    const waits = { kind: "waiting", step: "trial", waitsFor: "requests", untilTickMs: 1_000, because: "3 of 50 requests", noted: {} } as const;
    expect(findExchange(tellJournal([{ kind: "applying", step: "trial" }, waits], steps), 0)).toBe("3 of 50 requests");
  });
});

describe("an update is not exchanging versions", () => {
  it("before the exchange, and when it goes back from there", () => {
    expect(find()).toBeUndefined();
    expect(find(...applied("fetch"), { kind: "applying", step: "stage" })).toBeUndefined();
    expect(find(...applied("fetch"), { kind: "applying", step: "stage" }, failed("stage"))).toBeUndefined();
  });

  it("while the new version is watched, and after the end", () => {
    const watching = [...applied("fetch", "stage", "switch", "confirm"), { kind: "applying", step: "watch" } as const];
    expect(find(...watching)).toBeUndefined();
    expect(find(...watching, { kind: "waiting", step: "watch", waitsFor: "time", untilTickMs: 1_000, because: "1 s", noted: {} })).toBeUndefined();
    expect(find(...applied(...STEPS.map(({ id }) => id)), { kind: "ended", outcome: "committed", because: "done" })).toBeUndefined();
  });

  it("while it is stuck: what it left is what serves until a person answers", () => {
    expect(find(...applied("fetch", "stage"), { kind: "applying", step: "switch" }, failed("switch"), { kind: "stuck", because: "no way" })).toBeUndefined();
  });
});
