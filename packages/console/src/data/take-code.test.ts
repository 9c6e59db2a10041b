import { expect, test } from "vitest";
import { takeCode } from "./take-code.ts";

test("the code is taken out of the address and nothing else is", () => {
  expect(takeCode("http://localhost:1/console/updates?show=all#code=abc")).toEqual({ code: "abc", rest: "/console/updates?show=all" });
  expect(takeCode("http://localhost:1/console/#code=a%2Bb&tab=diff")).toEqual({ code: "a+b", rest: "/console/#tab=diff" });
});

test("an address without a code stays as it is", () => {
  expect(takeCode("http://localhost:1/console/#part")).toEqual({ code: null, rest: "/console/#part" });
  expect(takeCode("http://localhost:1/console/#code=")).toEqual({ code: null, rest: "/console/" });
});
