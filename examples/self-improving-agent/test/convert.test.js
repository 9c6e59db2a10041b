import assert from "node:assert/strict";
import { test } from "node:test";
import { convert } from "../skills/convert.js";
import { UNITS } from "../skills/units.js";

test("converts lengths and masses", () => {
  assert.deepEqual(convert({ from: "km", to: "cm", value: 2 }), { kind: "converted", value: 200_000 });
  assert.deepEqual(convert({ from: "g", to: "kg", value: 500 }), { kind: "converted", value: 0.5 });
});

test("says which units it does not know, and what does not go together", () => {
  assert.deepEqual(convert({ from: "constructor", to: "m", value: 1 }), { kind: "unknown", units: ["constructor"] });
  assert.equal(convert({ from: "km", to: "kg", value: 1 }).kind, "mismatched");
});

test("every unit measures something, by a positive factor", () => {
  for (const [name, unit] of Object.entries(UNITS)) assert.ok(["length", "mass"].includes(unit.measures) && unit.inBase > 0, name);
});
