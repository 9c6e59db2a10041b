import { InstarError } from "@instar/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { parseSettings } from "./parse-settings.ts";
import { renderSettingsFile } from "./render-settings-file.ts";
import { type SettingsFile, settingsSchema } from "./settings.ts";

const SMALL: SettingsFile = {
  version: 1,
  name: "ana",
  source: { git: "../x" },
  agent: { start: ["node", "a.js"] },
  front: { port: 3000 },
  state: { kind: "none" },
};
const render = (file: SettingsFile) => renderSettingsFile(file, { schema: "./schema.json" });

describe("a rendered instar.yaml", () => {
  test("parses back to the very values, whatever they are", () => {
    fc.assert(
      fc.property(settingsFile, (file) => {
        expect(parseSettings(render(file), "instar.yaml")).toEqual(settingsSchema.parse(file));
      }),
      { numRuns: 300 },
    );
  });

  test("begins with its schema for editors, in one line", () => {
    expect(render(SMALL).split("\n")[0]).toBe("# yaml-language-server: $schema=./schema.json");
    expect(renderSettingsFile(SMALL, { schema: "/a b\nname: x" }).split("\n")[0]).toBe("# yaml-language-server: $schema=/a%20b%20name:%20x");
  });

  test("shows every key there is, set or as a comment", () => {
    const text = render(SMALL);
    for (const [section, schema] of Object.entries(settingsSchema.shape)) {
      if (section === "$schema") continue;
      expect(text).toMatch(new RegExp(`^#?${section}:`, "m"));
      for (const key of keysOf(schema)) expect(text, `${section}.${key}`).toMatch(new RegExp(`^(  #?|#  )${key}: `, "m"));
    }
  });

  test("has a comment in words above every section", () => {
    const lines = render(SMALL).split("\n");
    const sections = lines.flatMap((line, index) => (/^#?[a-z]+:/.test(line) && line !== "version: 1" ? [index] : []));
    expect(sections).toHaveLength(Object.keys(settingsSchema.shape).length - 2);
    for (const index of sections) expect(lines[index - 1]).toMatch(/^# [A-Z'a-z]/);
  });

  test("has examples that are valid: taking their # away makes no unknown key and no wrong value", () => {
    const open = render(SMALL)
      .split("\n")
      .map((line) =>
        line.replace(/^(\s*)#(\s*[A-Za-z]+:)(?= |$)/, (whole, indent: string, key: string) => (/^ [A-Za-z]/.test(key) ? whole : `${indent}${key}`)),
      )
      .join("\n");
    expect(open).toMatch(/^keep:\n {2}releases: 5/m);
    let message = "";
    try {
      parseSettings(open, "instar.yaml");
    } catch (error) {
      if (!InstarError.is(error)) throw error;
      message = error.message;
    }
    expect(message).toMatch(/branch and tag exclude each other/);
    expect(message).not.toMatch(/unknown key|expected|it must|missing|YAML|twice/);
  });

  test("quotes what another reader of YAML would take for something else", () => {
    const environment = { A: "yes", B: "1", C: "null", D: "0x1F", E: "~", F: "a: b", G: "#x", H: "", I: "1e3", J: "- a", K: "*a", L: "on" };
    const text = render({ ...SMALL, agent: { start: "a", environment } });
    expect(text).toContain('{ A: "yes", B: "1", C: "null", D: "0x1F", E: "~", F: "a: b", G: "#x", H: "", I: "1e3", J: "- a", K: "*a", L: "on" }');
    expect(parseSettings(text, "t").agent.environment).toEqual(environment);
  });
});

function keysOf(schema: z.core.$ZodType): string[] {
  if (schema instanceof z.ZodObject) return Object.keys(schema.shape);
  return schema instanceof z.ZodOptional || schema instanceof z.ZodPrefault ? keysOf(schema.unwrap()) : [];
}

const words = fc.oneof(
  fc.string({ unit: "binary", minLength: 1 }),
  fc.string({ unit: "grapheme-ascii", minLength: 1 }),
  fc.constantFrom("true", "no", "12", "a: b", " x ", "{port}x", "\t", "---", "é\u2028"),
);
const text = words.map((value) => value.replaceAll("\0", "0").replaceAll(/\{(port|state)\}/g, "x"));
const path = text.map((value) => value.replaceAll(/[\\/.:~]/g, "_"));
const address = text.filter((value) => !value.trimStart().startsWith("-"));
const command = fc.oneof(text, fc.array(text, { minLength: 1, maxLength: 4 }));
const duration = fc.tuple(fc.integer({ min: 1, max: 300 }), fc.constantFrom("ms", "s", "m", "h", "d")).map(([count, unit]) => `${count}${unit}`);
const size = fc.tuple(fc.integer({ min: 1, max: 999 }), fc.constantFrom("KiB", "MiB", "GiB")).map(([count, unit]) => `${count}${unit}`);
const variable = fc.stringMatching(/^[A-HJ-OQ-Z_][A-Z0-9_]{0,8}$/);
const some = { requiredKeys: [] };
const job = fc.record({ command, within: duration }, { requiredKeys: ["command"] });
const pattern = fc.constantFrom("ready", "^a: b$", "#x", "[0-9]+ '\"");

const settingsFile: fc.Arbitrary<SettingsFile> = fc.record(
  {
    $schema: text,
    version: fc.constant(1 as const),
    name: fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,20}$/),
    source: fc.record({ git: address, branch: address, checkEvery: duration }, { requiredKeys: ["git"] }),
    agent: fc.record(
      {
        start: command,
        directory: path,
        path: fc.array(text, { maxLength: 3 }),
        environment: fc.dictionary(variable, text, { maxKeys: 4 }),
        environmentFile: path,
        port: fc.constantFrom("given" as const, 4000),
        stopSignal: fc.constantFrom("SIGTERM" as const, "SIGHUP" as const),
        stopWithin: duration,
      },
      { requiredKeys: ["start"] },
    ),
    install: fc.record(
      {
        command,
        lockfiles: fc.array(path, { minLength: 1, maxLength: 2 }),
        produces: fc.array(path, { minLength: 1, maxLength: 2 }),
        share: fc.constant("link" as const),
        allowScripts: fc.array(text, { maxLength: 2 }),
        within: duration,
      },
      { requiredKeys: ["command", "lockfiles", "produces"] },
    ),
    build: job,
    tests: job,
    health: fc.record(
      {
        http: fc.record({ path: text.map((value) => `/${value}`), body: pattern }, { requiredKeys: ["path"] }),
        heartbeat: fc.record({ file: text, within: duration }),
        log: fc.record({ ready: pattern, failed: pattern }, { requiredKeys: ["ready"] }),
        command: fc.record({ run: command, within: duration }, { requiredKeys: ["run"] }),
        readyWithin: duration,
      },
      some,
    ),
    state: fc.record(
      { kind: fc.constant("exclusive" as const), directory: path, onRollback: fc.constant("restore" as const), writesThatMayBeLost: fc.nat() },
      { requiredKeys: ["directory"] },
    ),
    front: fc.record(
      {
        port: fc.integer({ min: 4001, max: 65_535 }),
        host: text,
        public: fc.constant(true),
        health: fc.constantFrom(false as const, "/up", "/.x/~y"),
        tells: fc.subarray(["x-forwarded", "forwarded", "proxy-v1"] as const).map((ways) => [...ways]),
        trustedProxies: fc.array(fc.constantFrom("10.0.0.0/8", "::1", "fe80::/10")),
        stickBy: fc.oneof(
          fc.constant("address" as const),
          text.map((cookie) => ({ cookie })),
          text.map((header) => ({ header })),
        ),
        hold: fc.record({ requests: fc.nat(), bytes: size, time: duration }, some),
      },
      { requiredKeys: ["port", "public"] },
    ),
    exchange: fc.record(
      {
        smoke: fc.array(
          fc.record({ path: fc.constant("/ok"), status: fc.integer({ min: 100, max: 599 }), body: fc.constant("^ok") }, { requiredKeys: ["path"] }),
        ),
        drain: duration,
        warm: fc.boolean(),
        sockets: fc.record({ group: fc.integer({ min: 1, max: 99 }), within: duration }, some),
      },
      some,
    ),
    updates: fc.record({ automatic: fc.constantFrom("never" as const, "major" as const), breaker: fc.nat({ max: 9 }) }, some),
    watch: fc.record(
      {
        time: fc.oneof(fc.constant("by-risk" as const), duration),
        times: fc.record({ low: duration, medium: duration, high: duration, critical: duration }, some),
        requests: fc.nat(),
        errorShare: fc.double({ min: 0, max: 1, noNaN: true }),
        onUnverified: fc.constantFrom("keep" as const, "hold" as const, "roll-back" as const),
        onBlind: fc.constantFrom("hold" as const, "roll-back" as const),
        confirmWithin: duration,
        triggers: fc.record({ memory_growth: fc.record({ gate: fc.constantFrom("off" as const, "report" as const) }, some) }, some),
        metrics: fc.array(
          fc.record(
            { name: fc.constant("queue"), prometheus: fc.record({ metric: text }, { requiredKeys: ["metric"] }), kind: fc.constant("counter" as const) },
            { requiredKeys: ["name", "prometheus"] },
          ),
          { maxLength: 1 },
        ),
        logErrors: pattern,
      },
      some,
    ),
    backup: fc.record(
      {
        config: fc.array(fc.constantFrom("config", "prompts/system.md", ".env")),
        databases: fc.subarray([
          { name: "main", kind: "postgres" as const, urlVariable: "DATABASE_URL" },
          { name: "side", kind: "postgres" as const, url: "postgresql://me@/side?host=/run", dump: ["a", "{copy}"], restore: "b {copy}" },
          { name: "small", kind: "sqlite" as const, path: "data/x.db" },
        ]),
        within: duration,
      },
      some,
    ),
    notify: fc.record(
      {
        ways: fc.array(fc.oneof(fc.record({ run: fc.constantFrom("./tell", "./tell --loud") }), fc.record({ webhook: fc.constant("https://example.org/h") }))),
      },
      some,
    ),
    keep: fc.record(
      {
        releases: fc.integer({ min: 2, max: 99 }),
        snapshots: fc.integer({ min: 1, max: 99 }),
        snapshotDays: fc.integer({ min: 1, max: 999 }),
        reserve: size,
      },
      some,
    ),
  },
  { requiredKeys: ["version", "name", "source", "agent", "front", "state"] },
);
