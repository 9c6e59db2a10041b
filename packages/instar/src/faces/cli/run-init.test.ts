import { execFileSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Writable } from "node:stream";
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { readSettings } from "../../settings/read-settings.ts";
import { initFlags } from "./init-flags.ts";
import { type InitOptions, runInit } from "./run-init.ts";

const PATH = "/usr/local/bin:/usr/bin:/bin";
const SERVER = 'createServer((q, s) => q.url === "/healthz" && s.end()).listen(process.env.PORT || 21113); keep(process.env.DATA_DIR || "data")';
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "instar-init-"));
  await writeFile(join(folder, "package.json"), JSON.stringify({ name: "ana", scripts: { start: "node server.js" } }));
  await writeFile(join(folder, "server.js"), SERVER);
  execFileSync("git", ["-C", folder, "init", "-q", "-b", "main"]);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test("an agent that nobody described gets a file that can be read back, and is told what was found and what was not", async () => {
  const { output, text } = collector();
  const result = await runInit(optionsWith({ yes: true, io: { input: new PassThrough(), output, isInteractive: true } }));
  const read = await readSettings(folder);
  expect(read.settings).toMatchObject({
    name: "ana",
    agent: { start: ["node", "server.js"], port: "given" },
    front: { port: 21_113, host: "127.0.0.1" },
    health: { http: { path: "/healthz" } },
    state: { kind: "exclusive", directory: "data", variable: "DATA_DIR" },
  });
  expect(result.next).toEqual(["instar plan", "instar up"]);
  expect(text()).toMatch(/Found:\n[\s\S]*start: node server\.js \(certain: scripts\.start in package\.json/);
  expect(text()).toMatch(/Not found:\n[\s\S]*tests: package\.json has no scripts\.test/);
  expect(text()).toMatch(/nothing will proceed by itself without tests/);
  expect(text()).toMatch(/trusts loopback would trust everyone/);
  expect(text()).toMatch(/Next:\n {2}instar plan\n {2}instar up\n$/);
  expect(await readdir(folder)).not.toContainEqual(expect.stringMatching(/^\.tmp-/));
  expect((await stat(join(folder, "instar.yaml"))).mode & 0o022).toBe(0);
});

test("a file that is there is not touched, unless force is said", async () => {
  await writeFile(join(folder, "instar.yaml"), "mine");
  await expect(runInit(optionsWith({ yes: true }))).rejects.toMatchObject({ code: "CONFLICT", advice: expect.stringContaining("--force") });
  expect(await readFile(join(folder, "instar.yaml"), "utf8")).toBe("mine");
  await runInit(optionsWith({ yes: true, force: true }));
  expect((await readSettings(folder)).settings.name).toBe("ana");
});

test("a file that appears while the questions are asked is not touched", async () => {
  const path = join(folder, "instar.yaml");
  const asked = typist((prompt) => {
    if (prompt.includes("Name")) execFileSync("/bin/sh", ["-c", 'printf theirs > "$1"', "sh", path]);
    return "\r";
  });
  await expect(runInit(optionsWith({ io: asked.io }))).rejects.toMatchObject({ code: "CONFLICT" });
  expect(await readFile(path, "utf8")).toBe("theirs");
});

test("JSON is one document with the path, settings, detections, warnings and what is next", async () => {
  const { output, text } = collector();
  await runInit(optionsWith({ json: true, io: { input: new PassThrough(), output, isInteractive: true } }));
  const result = JSON.parse(text());
  expect(Object.keys(result)).toEqual(["path", "settings", "detections", "warnings", "next"]);
  expect(result.detections).toContainEqual({ question: "start", value: ["node", "server.js"], evidence: expect.any(String), confidence: "certain" });
});

test("without a terminal nothing is asked, and what is missing is named by its flag", async () => {
  await writeFile(join(folder, "package.json"), "{}");
  await rm(join(folder, "server.js"));
  await expect(runInit(optionsWith({}))).rejects.toMatchObject({
    code: "INPUT_INVALID",
    message: expect.stringMatching(/--start <command> is needed[\s\S]*--port <port> is needed/),
  });
  expect(await readdir(folder)).not.toContain("instar.yaml");
  await runInit(optionsWith({ answers: { start: "./bot", port: "none", healthLog: "up" } }));
  expect((await readSettings(folder)).settings).toMatchObject({
    agent: { start: ["./bot"], port: "none" },
    health: { log: { ready: "up" } },
    watch: { requests: 0 },
  });
});

test("a wrong answer is refused in words, and nothing is written", async () => {
  const options = optionsWith({ yes: true, answers: { name: "Ana Bot", frontPort: "many", automatic: "sometimes" } });
  await expect(runInit(options)).rejects.toMatchObject({
    code: "INPUT_INVALID",
    message: expect.stringMatching(/name: it must be lower-case[\s\S]*front\.port[\s\S]*updates\.automatic/),
  });
  expect(await readdir(folder)).not.toContain("instar.yaml");
});

test("a port at which somebody listens is not given to the front", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "0.0.0.0", resolve));
  try {
    const address = server.address();
    const port = typeof address === "object" ? address?.port : undefined;
    await writeFile(join(folder, "server.js"), SERVER.replace("21113", String(port)));
    const result = await runInit(optionsWith({ yes: true }));
    expect(result.settings.front?.port).not.toBe(port);
    expect(result.warnings.join()).toContain(`Port ${port} is in use`);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});

test("a person at a terminal is asked with what was found filled in", async () => {
  // A terminal that can do nothing gives control characters as they are.
  vi.stubEnv("TERM", "xterm");
  onTestFinished(() => void vi.unstubAllEnvs());
  const asked = typist((prompt) => (prompt.includes("Tests") ? "\u0015make test\r" : "\r"));
  const result = await runInit(optionsWith({ io: asked.io }));
  expect(result.settings.tests).toEqual({ command: ["make", "test"] });
  expect(result.settings.agent.start).toEqual(["node", "server.js"]);
});

test("a person who ends the questions gets no file", async () => {
  const asked = typist(() => "\u0003");
  await expect(runInit(optionsWith({ io: asked.io }))).rejects.toMatchObject({ code: "CANCELLED" });
  expect(await readdir(folder)).not.toContain("instar.yaml");
});

test("every flag has its own key and a description", () => {
  expect(new Set(initFlags.map((flag) => flag.key)).size).toBe(initFlags.length);
  for (const { flags, key, description } of initFlags) {
    const name = /--([a-z-]+)/.exec(flags)?.[1]?.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
    expect(name).toBe(key);
    expect(description.length).toBeGreaterThan(5);
  }
});

function optionsWith(part: Partial<InitOptions>): InitOptions {
  return { folder, operatorPath: PATH, io: { input: new PassThrough(), output: collector().output, isInteractive: false }, ...part };
}

function collector() {
  let said = "";
  const output = new Writable({
    write(chunk, _, done) {
      said += String(chunk);
      done();
    },
  });
  return { output, text: () => said };
}

/** Types an answer each time a new question is shown. */
function typist(answer: (prompt: string) => string) {
  const input = new PassThrough();
  const seen = new Set<string>();
  const output = new Writable({
    write(chunk, _, done) {
      const label =
        /(Name|Source|Start command|Install command|Build command|Tests|File of variables|The agent's port|The port that people use|Health path|State folder)[^(]*\(/.exec(
          String(chunk),
        )?.[1];
      if (label !== undefined && !seen.has(label)) {
        seen.add(label);
        setImmediate(() => input.write(answer(label)));
      }
      done();
    },
  });
  return { io: { input, output, isInteractive: true } };
}
