import { OPERATIONS } from "@instar/protocol";
import { describe, expect, it } from "vitest";
import { taskSettings } from "../settings/task-settings.ts";
import { parseTask } from "./parse-task.ts";

const NOW = Date.UTC(2026, 0, 2);
const settings = taskSettings.parse({ hosts: ["hooks.lan:8080"] });
const parse = (written: Record<string, unknown>) => {
  const { input } = OPERATIONS.find(({ name }) => name === "task.add") as Extract<(typeof OPERATIONS)[number], { name: "task.add" }>;
  return parseTask(input.parse({ name: "t", every: "1h", ...written }), { type: "user", id: "ada" }, settings, NOW);
};

describe("a task is read", () => {
  it("with what goes without saying", () => {
    expect(parse({ type: "health-check" })).toEqual({
      ...{ name: "t", missed: "once", failuresAllowed: 5, withinMs: 60_000, createdBy: { type: "user", id: "ada" } },
      input: { type: "health-check" },
      schedule: { everyMs: 3_600_000, fromMs: NOW },
      busiestHour: 1,
    });
  });
  it.each([
    [
      { type: "check-for-updates", source: "git" },
      { type: "check-for-updates", source: "git" },
    ],
    [
      { type: "log-cleanup", keepDays: "7", keepBytes: "64MiB" },
      { type: "log-cleanup", keepDays: 7, keepBytes: 67_108_864 },
    ],
    [
      { type: "webhook", url: "https://example.org/x" },
      { type: "webhook", url: "https://example.org/x", body: "{}", secretVariable: null },
    ],
    [
      { type: "webhook", url: "http://127.0.0.1:9/x", body: "[1]", secretVariable: "S" },
      { type: "webhook", url: "http://127.0.0.1:9/x", body: "[1]", secretVariable: "S" },
    ],
    [
      { type: "webhook", url: "http://hooks.lan:8080/" },
      { type: "webhook", url: "http://hooks.lan:8080/", body: "{}", secretVariable: null },
    ],
    [
      { type: "message", path: "/wake?now=1", text: "good morning" },
      { type: "message", path: "/wake?now=1", text: "good morning" },
    ],
  ])("%j", (written, input) => {
    expect(parse(written).input).toEqual(input);
  });
});

describe("a task is refused", () => {
  it.each([
    ["with a field of another type", { type: "health-check", url: "https://example.org/" }, /has no url/],
    ["a cleanup that keeps nothing said", { type: "log-cleanup" }, /what it keeps/],
    ["a cleanup of no size", { type: "log-cleanup", keepBytes: "lots" }, /size/],
    ["a webhook without an address", { type: "webhook" }, /address/],
    ["a webhook to a file", { type: "webhook", url: "file:///etc/passwd" }, /address/],
    ["a webhook by plain http beyond this machine", { type: "webhook", url: "http://example.org/" }, /plain http/],
    ["a webhook to a name that only begins like this machine", { type: "webhook", url: "http://127.0.0.1.example.org/" }, /plain http/],
    ["a webhook to a listed host's other port", { type: "webhook", url: "http://hooks.lan:81/" }, /plain http/],
    ["a webhook with a password in its address", { type: "webhook", url: "https://me:word@example.org/" }, /password/],
    ["a webhook whose body is no JSON", { type: "webhook", url: "https://example.org/", body: "{" }, /no JSON/],
    ["a webhook signed with what is no variable", { type: "webhook", url: "https://example.org/", secretVariable: "a-b" }, /no variable/],
    ["a message without words", { type: "message", path: "/x" }, /words/],
    ["a message to no path", { type: "message", text: "x" }, /no path/],
    ["a message to another host", { type: "message", path: "//example.org/x", text: "x" }, /no path/],
    ["a message to another host by a backslash", { type: "message", path: "/\\example.org/x", text: "x" }, /no path/],
    ["a message to another host by a user", { type: "message", path: "@example.org/x", text: "x" }, /no path/],
    ["a run of an hour", { type: "health-check", within: "1h" }, /ten minutes/],
    ["a run of no time", { type: "health-check", within: "0s" }, /ten minutes/],
    ["a run of a while", { type: "health-check", within: "a while" }, /duration/],
  ])("%s", (_, written, words) => {
    expect(() => parse(written)).toThrow(expect.objectContaining({ code: "INPUT_INVALID", message: expect.stringMatching(words) }));
  });
  it.each([{ name: "../x" }, { name: "" }, { failures: 0 }, { type: "shell" }, { keepDays: 0, type: "log-cleanup" }, { run: "rm" }])(
    "before that with %j",
    (written) => {
      expect(() => parse({ type: "health-check", ...written })).toThrow();
    },
  );
});
