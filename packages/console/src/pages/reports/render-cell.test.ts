import { expect, test } from "vitest";
import { renderCell } from "./render-cell.ts";

test("a cell is said in its unit, and what was never measured is no zero", () => {
  expect(renderCell(null, "count")).toBe("not measured");
  expect(renderCell(0, "count")).toBe("0");
  expect(renderCell(0.1234, "share")).toBe("12.3 %");
  expect(renderCell(90_000, "ms")).toBe("1 min 30 s");
  expect(renderCell("2026-11-29T18:00:00.000Z", "time")).toMatch(/^2026-11-\d\d \d\d:00:00$/);
  expect(renderCell("no time", "time")).toBe("no time");
});
