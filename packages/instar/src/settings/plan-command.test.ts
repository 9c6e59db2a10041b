import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { planCommand } from "./plan-command.ts";

test("a list is started as it is, its placeholders filled in", () => {
  expect(planCommand(["node", "a.js", "--port={port}", "{state}/x", "{release}", "{other}"], { port: 80, state: "/my data/$&", release: "r" })).toEqual([
    "node",
    "a.js",
    "--port=80",
    "/my data/$&/x",
    "r",
    "{other}",
  ]);
});

test("a string is given to the platform's shell", () => {
  expect(planCommand("node a.js -p {port} && x", { port: 80 }, "linux")).toEqual(["/bin/sh", "-c", "node a.js -p 80 && x"]);
  expect(planCommand("node a.js -d {state}", { state: "C:\\data" }, "win32")).toEqual(["cmd.exe", "/d", "/s", "/c", "node a.js -d C:\\data"]);
});

test("a shell's own braces stay", () => {
  const [program, ...args] = planCommand(`port=5; echo "$\{port} {port}"`, { port: 80 }, "linux");
  expect(execFileSync(program, args, { encoding: "utf8" })).toBe("5 80\n");
});

test("a value that a shell would take apart is refused in a string and taken in a list", () => {
  for (const state of ["/my data", "/a;reboot", "/a$(x)", "/a'b", "/a\nb"]) {
    expect(() => planCommand("run {state}", { state }, "linux")).toThrow(
      expect.objectContaining({ code: "SETTINGS_INVALID", advice: expect.stringContaining("list") }),
    );
    expect(planCommand(["run", "{state}"], { state }, "linux")).toEqual(["run", state]);
  }
});

test("a placeholder without a value and an empty program are refused", () => {
  expect(() => planCommand(["a", "{port}"], {})).toThrow(expect.objectContaining({ code: "SETTINGS_INVALID", facts: { placeholder: "port" } }));
  expect(() => planCommand([""], {})).toThrow(expect.objectContaining({ code: "SETTINGS_INVALID" }));
});
