import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { answer, greeting } from "../answer.js";
import { WriteJournal } from "../journal.js";

test("numbers its writes, and goes on after a restart", () => {
  const folder = mkdtempSync(join(tmpdir(), "http-agent-"));
  try {
    const first = new WriteJournal(folder);
    assert.equal(answer("POST", "/writes", "one", first).body.number, 1);
    assert.equal(answer("POST", "/writes", "two", first).body.number, 2);
    first.close();
    const second = new WriteJournal(folder);
    assert.equal(answer("POST", "/writes", "three", second).body.number, 3);
    second.close();
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("is well", () => assert.equal(answer("GET", "/health", "", { last: 0 }).status, 200));

test("greets", () => assert.match(greeting(), /^hello/));
