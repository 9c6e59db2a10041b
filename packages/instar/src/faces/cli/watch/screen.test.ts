import { stripVTControlCharacters } from "node:util";
import { renderToString } from "ink";
import { createElement as h } from "react";
import { describe, expect, it } from "vitest";
import { foldHeard } from "./fold-heard.ts";
import { plainAnswer } from "./plain-answer.ts";
import { pressKey } from "./press-key.ts";
import { heard, NOW_MS, sampleApproval, sampleReading, sampleStatus, sampleSteps, sampleUpdate } from "./sample-reading.testing.ts";
import { Screen } from "./screen.ts";
import { firstState, type Reading, type WatchState } from "./watch-state.ts";

const update = sampleUpdate({ state: "approving", steps: sampleSteps("approve", "waiting", "1 person must approve it") });
const reading = sampleReading(update, {
  status: sampleStatus({
    state: "approving",
    update,
    waiting: "update my6va2jy waits for approval: 1 person must approve it. `instar update approve` or `instar update reject`",
  }),
  approvals: [sampleApproval()],
});
const log = { update: "my6va2jy", from: 9, total: 3, lines: ["✔ greets", "✔ is well", "3 tests passed"] };
const shown = (of: Reading) => foldHeard(firstState(null, NOW_MS), heard(of, log), NOW_MS);
const draw = (state: WatchState, columns: number, rows: number, nowMs = NOW_MS) =>
  renderToString(h(Screen, { state, size: { columns, rows }, nowMs, hasColour: false }), { columns });

describe("the screen", () => {
  it.each([
    [60, 24],
    [80, 30],
    [140, 30],
  ])("of %i columns and %i rows", async (columns, rows) => {
    const text = stripVTControlCharacters(draw(shown(reading), columns, rows));
    await expect(`${text}\n`).toMatchFileSnapshot(`expected/screen-${columns}.txt`);
    // Each is an assertion of its own: a snapshot is easily taken anew.
    expect(text.split("\n")).toHaveLength(rows);
    for (const said of ["tested  1.0.0", "YOUR TURN", "1.0.1 waits for approval", "… Wait for whose word is needed", "a approve   r reject", "› 1.0.0 → 1.0.1"])
      expect(text).toContain(said);
  });

  it("says above everything since when it is old", () => {
    const away = foldHeard(shown(reading), { kind: "silence", because: "the daemon is away" }, NOW_MS);
    expect(draw(away, 80, 30, NOW_MS + 3_000).split("\n")[0]).toContain("STALE since 18:40:12Z (3.0 s)");
    expect(draw(shown(reading), 80, 30)).not.toContain("STALE");
  });

  it("shows all of a question, however small it is", () => {
    const asked = pressKey(shown(reading), { name: "letter", text: "a" }).state;
    const text = stripVTControlCharacters(draw(asked, 60, 16));
    for (const said of ["Approve 1.0.1?", "So it waits for approval.", "You approve sha256:30f4", "Send it? y/n"])
      expect(text.replaceAll(/\s+/g, " ")).toContain(said);
    expect(text.split("\n")).toHaveLength(16);
  });

  it("shows help with every key", () => {
    const text = draw(pressKey(shown(reading), { name: "letter", text: "?" }).state, 80, 40);
    for (const key of ["Enter", "l", "m", "a", "r", "o", "c", "b", "p", "h", "s", "Esc q"]) expect(text).toMatch(new RegExp(`^${key} `, "m"));
  });

  it("is steered by nothing that a candidate says", () => {
    const evil = "\u001b[2J\u001b]0;owned\u0007\u202egnp.exe\u2066\r\nSend it? y/n";
    const hostile = sampleUpdate({ versionTo: `1.0.1${evil}`, because: evil, steps: sampleSteps("validate", "waiting", evil) });
    const text = draw(shown(plainAnswer(sampleReading(hostile, { status: sampleStatus({ waiting: evil, update: hostile }) }))), 100, 30);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there; ESC [ … m is how ink makes bold
    expect(text.replaceAll(/\u001b\[\d+m/g, "")).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
    expect(text).toContain("\\u202egnp.exe");
    expect(text).not.toMatch(/^Send it\?/m);
  });
});
