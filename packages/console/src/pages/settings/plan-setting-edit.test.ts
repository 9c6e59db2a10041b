import { expect, test } from "vitest";
import { findSettings } from "./find-settings.ts";
import { parseSettingValue, planSettingEdit, renderSettingValue } from "./plan-setting-edit.ts";

const of = (kind: Parameters<typeof parseSettingValue>[0]["kind"]) => ({ kind, pointer: "/watch/time" });

test("what is filled in becomes a value of the setting's kind, or is refused with where", () => {
  expect(parseSettingValue(of("number"), "0.2")).toBe(0.2);
  expect(parseSettingValue(of("flag"), "true")).toBe(true);
  expect(parseSettingValue(of("flag"), "")).toBe(false);
  expect(parseSettingValue(of("text"), "[1]")).toBe("[1]");
  expect(parseSettingValue(of("json"), '["a", 1]')).toEqual(["a", 1]);
  expect(parseSettingValue(of("json"), "by-risk")).toBe("by-risk");
  expect(parseSettingValue(of("json"), "false")).toBe(false);
  expect(() => parseSettingValue(of("number"), "many")).toThrow("/watch/time is to be a number");
  expect(() => parseSettingValue(of("number"), " ")).toThrow("is to be a number");
  expect(() => parseSettingValue(of("json"), "[1,")).toThrow("is to be JSON");
});

test("the edit says which file it was planned for, and takes away what is to be the default again", () => {
  const how = { digest: "sha256:ab", because: "calmer" };
  expect(JSON.parse(planSettingEdit(of("text"), "2h", how))).toEqual({
    because: "calmer",
    edits: [{ set: "instar.yaml", expect: "sha256:ab", values: { "/watch/time": "2h" } }],
  });
  expect(JSON.parse(planSettingEdit(of("text"), undefined, how)).edits).toEqual([{ set: "instar.yaml", expect: "sha256:ab", remove: ["/watch/time"] }]);
});

test("a field shows a value as it can be written again", () => {
  expect([null, "2h", ["a"], 3, false].map(renderSettingValue)).toEqual(["", "2h", '["a"]', "3", "false"]);
});

test("settings are found by every word of their place or purpose", () => {
  const setting = (pointer: string, describe: string, isWritten = false) => ({
    pointer,
    describe,
    isWritten,
    value: null,
    isSecret: false,
    default: null,
    kind: "text" as const,
    choices: [],
  });
  const sections = [
    { section: "watch", describe: "", settings: [setting("/watch/time", "How long", true), setting("/watch/requests", "At least so many")] },
    { section: "keep", describe: "", settings: [setting("/keep/releases", "")] },
  ];
  expect(findSettings(sections, "WATCH long", false).map(({ settings }) => settings.map(({ pointer }) => pointer))).toEqual([["/watch/time"]]);
  expect(findSettings(sections, "", true)).toHaveLength(1);
  expect(findSettings(sections, "nothing", false)).toEqual([]);
});
