import { expect, test } from "vitest";
import { parseSettings } from "./parse-settings.ts";
import { planAgentEnvironment } from "./plan-agent-environment.ts";

const release = { id: "r-1", version: "1.2.3" };
const settingsWith = (agent: string, state = "{ kind: none }") =>
  parseSettings(`version: 1\nname: ana\nsource: { git: x }\nagent: { start: a${agent} }\nfront: { port: 1 }\nstate: ${state}\n`, "t");

test("an agent gets the named few of the operator's variables and nothing else", () => {
  const inherited = { HOME: "/home/ana", USER: "ana", LANG: "C", SECRET: "x", NODE_OPTIONS: "--inspect", PATH: "/instar/bin", LD_PRELOAD: "x", TZ: undefined };
  expect(planAgentEnvironment({ settings: settingsWith(""), release, port: 4000, inherited, platform: "linux" })).toEqual({
    HOME: "/home/ana",
    USER: "ana",
    LANG: "C",
    PATH: "/usr/local/bin:/usr/bin:/bin",
    PORT: "4000",
    PYTHONDONTWRITEBYTECODE: "1",
    INSTAR_RELEASE: "r-1",
    INSTAR_VERSION: "1.2.3",
  });
});

test("agent.path is its PATH, and the file's variables give way to the settings' and these to Instar's", () => {
  const settings = settingsWith(
    ", path: [/opt/node/bin, /bin], environment: { A: settings, B: settings, HOME: /x }",
    "{ directory: /data, variable: DATA_DIR }",
  );
  const environmentFile = { A: "file", C: "file", PORT: "1", DATA_DIR: "file", INSTAR_RELEASE: "file" };
  expect(
    planAgentEnvironment({ settings, release, port: 4000, stateDirectory: "/copy", environmentFile, inherited: { HOME: "/h" }, platform: "linux" }),
  ).toEqual({
    HOME: "/x",
    PATH: "/opt/node/bin:/bin",
    A: "settings",
    B: "settings",
    C: "file",
    PORT: "4000",
    DATA_DIR: "/copy",
    PYTHONDONTWRITEBYTECODE: "1",
    INSTAR_RELEASE: "r-1",
    INSTAR_VERSION: "1.2.3",
  });
});

test("without a port there is no port variable", () => {
  const settings = parseSettings(
    "version: 1\nname: a\nsource: { git: x }\nagent: { start: a, port: none }\nhealth: { log: { ready: x } }\nstate: { kind: none }\n",
    "t",
  );
  expect(planAgentEnvironment({ settings, release, port: 4000, inherited: {}, platform: "linux" })).not.toHaveProperty("PORT");
});

test("on Windows a program gets what it needs to start", () => {
  const environment = planAgentEnvironment({ settings: settingsWith(""), release, inherited: { SystemRoot: "D:\\W", HOME: "x" }, platform: "win32" });
  expect(environment).toEqual({
    SystemRoot: "D:\\W",
    PYTHONDONTWRITEBYTECODE: "1",
    PATH: "D:\\W\\System32;D:\\W",
    INSTAR_RELEASE: "r-1",
    INSTAR_VERSION: "1.2.3",
  });
});
