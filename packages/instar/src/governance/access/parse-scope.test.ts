import { needOf, OPERATIONS, type Operation } from "@instar/protocol";
import { describe, expect, it } from "vitest";
import { isInScope } from "./is-in-scope.ts";
import { parseExpiry } from "./parse-expiry.ts";
import { parseScope } from "./parse-scope.ts";

describe("a scope", () => {
  it("is a list of operations and of groups, each once", () => {
    expect(parseScope(undefined, "admin")).toBeNull();
    expect(parseScope("update.check, status,update.check", "agent")).toEqual(["update.check", "status"]);
    expect(parseScope("update.*", "operator")).toEqual(["update.*"]);
  });
  it.each([
    ["update.aply", /Did you mean update\.apply/],
    ["updates.*", /Did you mean update\.\*/],
    ["*", /whoami/],
    [".*", /./],
    ["status.*", /./],
    ["", /./],
    ["update.check,", /./],
    ["UPDATE.CHECK", /./],
  ])("with an unknown operation is refused with the nearest: %j", (text, advice) => {
    expect(() => parseScope(text, "admin")).toThrow(expect.objectContaining({ code: "INPUT_INVALID", advice: expect.stringMatching(advice) }));
  });
  it("of an agent holds nothing but looking and proposing, by itself or in a group", () => {
    for (const operation of OPERATIONS as readonly Operation[]) {
      const isAgents = ["look", "propose"].includes(needOf(operation));
      const parse = () => parseScope(operation.name, "agent");
      if (isAgents) expect(parse(), operation.name).toEqual([operation.name]);
      else expect(parse, operation.name).toThrow(expect.objectContaining({ code: "INPUT_INVALID" }));
    }
    expect(() => parseScope("update.*", "agent")).toThrow(/nothing for an agent/);
    expect(() => parseScope("token.*", "agent")).toThrow(/nothing for an agent/);
  });
  it("is what is listed and no more: no beginning of a name, no other group", () => {
    expect(isInScope(null, "token.create")).toBe(true);
    expect(isInScope([], "status")).toBe(false);
    expect(isInScope(["update.*"], "update.apply")).toBe(true);
    expect(isInScope(["update.*"], "updates")).toBe(false);
    expect(isInScope(["update"], "update.apply")).toBe(false);
    expect(isInScope(["rollback"], "rollback.plan")).toBe(false);
  });
});

describe("when a token ends", () => {
  const nowMs = Date.UTC(2026, 0, 2);
  it.each([
    ["30d", "2026-02-01T00:00:00.000Z"],
    ["1h", "2026-01-02T01:00:00.000Z"],
    ["2027-01-31T12:00Z", "2027-01-31T12:00:00.000Z"],
    ["never", null],
  ])("%s", (text, expected) => expect(parseExpiry(text, nowMs)).toBe(expected));
  it.each(["", "Never", "0d", "-1d", "400d", "2025-01-01", "2026-01-02T00:00:00Z", "soon", "1", "1e9", "2027-13-45", "90", "infinity"])(
    "%j is refused",
    (text) => expect(() => parseExpiry(text, nowMs)).toThrow(expect.objectContaining({ code: "INPUT_INVALID" })),
  );
});
