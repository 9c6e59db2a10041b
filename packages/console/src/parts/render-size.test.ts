import { expect, test } from "vitest";
import { renderSize } from "./render-size.ts";

test("a size is said in the greatest unit that fits", () => {
  expect([0, 12, 1_023, 1_024, 3_565_158, 157_286_400, 5 * 1_024 ** 5].map(renderSize)).toEqual([
    "0 bytes",
    "12 bytes",
    "1023 bytes",
    "1 KiB",
    "3.4 MiB",
    "150 MiB",
    "5120 TiB",
  ]);
});
