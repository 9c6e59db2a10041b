import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { SimulatedClock } from "@instar/testkit";
import { parseMetricOutput } from "../../../packages/instar/src/observation/gather/parse-metric-output.ts";
import { parsePrometheus } from "../../../packages/instar/src/observation/gather/parse-prometheus.ts";
import { readLogErrors } from "../../../packages/instar/src/observation/gather/read-log-errors.ts";
import { selectSample } from "../../../packages/instar/src/observation/gather/select-sample.ts";
import { parseBoundedJson } from "../../../packages/instar/src/platform/parse-bounded-json.ts";
import { parseLinuxStat, parsePsTable, parseWindowsTable } from "../../../packages/instar/src/platform/process-table.ts";
import { readJsonPointer } from "../../../packages/instar/src/platform/read-json-pointer.ts";
import { parsePressure } from "../../../packages/instar/src/platform/read-machine.ts";
import { parseUsage } from "../../../packages/instar/src/platform/read-tree-usage.ts";
import { createRedactor } from "../../../packages/instar/src/platform/secrets/redact-secrets.ts";
import { parseThings } from "../../../packages/instar/src/rehearsal/parse-things.ts";
import { planCgroupPlaces } from "../../../packages/instar/src/sandbox/plan-cgroup-places.ts";
import { parseAuthority, parseRegistryHost, renderHost } from "../../../packages/instar/src/sandbox/registry-proxy-hosts.ts";
import { openWardenDoor } from "../../../packages/instar/src/sandbox/warden-door.ts";
import { assertHolds, type FuzzTarget, seedOf, textOf, throwsNothing } from "../fuzz-target.ts";

const PROMETHEUS =
  '# HELP requests x\n# TYPE requests counter\nrequests{path="/a\\"b\\\\",code="500"} 3 1767323045000\nrequests 1e3\nmemory_bytes NaN\nlag_seconds +Inf # {trace="x"} 1\n# EOF\n';
const STAT =
  "1234 (a) b (c)) S 1 1234 1234 0 -1 4194560 100 0 0 0 1 2 0 0 20 0 7 0 5678 1000000 300 18446744073709551615 0 0 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0";
const PATTERNS = { logErrors: "\\b(error|fatal)\\b", ignoreLog: ["harmless"] };
const SECRET = "hunter22-long";
const redact = createRedactor({ A: SECRET });

export const OBSERVATION_TARGETS: readonly FuzzTarget[] = [
  {
    name: "prometheus",
    seeds: [seedOf(PROMETHEUS), seedOf("requests -3\n")],
    parse: (bytes) => {
      for (const isOpenMetrics of [false, true]) {
        const scraped = parsePrometheus(textOf(bytes), isOpenMetrics);
        if (scraped.kind === "refused") continue;
        for (const { name, value } of scraped.samples)
          assertHolds(/^[A-Za-z_:][\w:]*$/.test(name) && typeof value === "number", "a sample has a name and a number");
        for (const kind of ["gauge", "counter"] as const) {
          const reading = selectSample(scraped.samples, { metric: "requests", kind });
          if (reading.kind === "value")
            assertHolds(Number.isFinite(reading.value) && (kind === "gauge" || reading.value >= 0), "a value is a number to judge by");
        }
      }
    },
  },
  {
    name: "metric-output",
    seeds: [seedOf("12.5\n"), seedOf({ queue: { depth: 3 } })],
    parse: (bytes) => {
      for (const at of [undefined, "", "/queue/depth"]) {
        const reading = parseMetricOutput(textOf(bytes), at);
        if (reading.kind === "value") assertHolds(Number.isFinite(reading.value), "a value is a number to judge by");
      }
    },
  },
  {
    name: "log-errors",
    tasteInputs: 15,
    seeds: [seedOf("12:00:01 error: cannot open 7f3a\n12:00:02 fatal\nharmless error\nan error without its end")],
    parse: (bytes, scratch) =>
      throwsNothing("readLogErrors", async () => {
        const path = join(scratch, "agent.log");
        writeFileSync(path, bytes);
        const { errors, place } = await readLogErrors(path, { path, offset: 0 }, PATTERNS);
        const lines = bytes.toString("latin1").split("\n").length - 1;
        if (errors.kind === "value") assertHolds(errors.value <= lines, "there are no more errors than whole lines");
        assertHolds(place !== null && place.offset <= bytes.length, "it is read no further than its end");
      }),
  },
  {
    name: "things",
    seeds: [seedOf(`a warning\n${JSON.stringify({ plugins: [{ id: "one" }, { id: 2 }] })}`), seedOf(["one", "two"])],
    parse: (bytes) => {
      for (const question of [{ at: "/plugins", key: "id" }, { at: "" }]) parseThings(textOf(bytes), question);
    },
  },
  {
    name: "bounded-json",
    seeds: [seedOf({ a: [{ b: '"\\{' }] }), seedOf(`${"[".repeat(300)}${"]".repeat(300)}`)],
    parse: (bytes) => {
      const read = parseBoundedJson(textOf(bytes));
      if (read.kind === "json") readJsonPointer(read.value, "/a/0/b");
    },
  },
  {
    name: "process-table",
    seeds: [seedOf(STAT), seedOf("  1   0   1 Ss   Fri Jan  2 03:04:05 2026\n 42 1 42 Z Fri\n"), seedOf("1 0 638713\r\n42 1 638714\r\n")],
    parse: (bytes) => {
      const text = textOf(bytes);
      for (const { pid, parent } of [...parsePsTable(text), ...parseWindowsTable(text)]) assertHolds(pid >= 0 && parent >= 0, "a process has a number");
      parseLinuxStat(1_234, text, "boot");
      parseUsage(1_234, text, 4_096);
    },
  },
  {
    name: "machine-facts",
    seeds: [
      seedOf("some avg10=0.12 avg60=0.00 avg300=0.00 total=1\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"),
      seedOf("0::/system.slice/instar\n"),
      seedOf("30 24 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"),
    ],
    parse: (bytes) => {
      parsePressure(textOf(bytes), "some");
      planCgroupPlaces(textOf(bytes), "30 24 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
      planCgroupPlaces("0::/system.slice/instar\n", textOf(bytes));
    },
  },
  {
    name: "registry-host",
    seeds: ["registry.npmjs.org", "Registry.Example.:8443", "[2001:db8::1]:443"].map(seedOf),
    parse: (bytes) => {
      const asked = parseRegistryHost(textOf(bytes));
      assertHolds(asked.port >= 1 && asked.port <= 65_535 && asked.host === asked.host.toLowerCase(), "a host has a port, and is in lower case");
      const again = parseAuthority(renderHost(asked));
      assertHolds(again?.host === asked.host && again.port === asked.port, "what is written is read as it was");
    },
  },
  {
    name: "secrets",
    seeds: [seedOf(`a ${SECRET} b password="abcdef12" postgres://app:s3cr@t@db -----BEGIN PRIVATE KEY-----\nx`), seedOf({ text: JSON.stringify({ SECRET }) })],
    parse: (bytes) => assertHolds(!redact(textOf(bytes)).includes(SECRET), "what is known to be secret is not shown"),
  },
  {
    name: "warden-door",
    tasteInputs: 15,
    seeds: [
      seedOf('{"hello":"control"}\n{"said":"refused","id":"a","code":"ENOENT"}\n{"said":"started"}\n{"said":"ended"}\n'),
      seedOf('{"hello":"control"}\n{"said":"not-started","because":"there is no such program"}\n'),
    ],
    parse: (bytes, scratch) =>
      throwsNothing("a door", async () => {
        const door = await openWardenDoor(join(scratch, "job"), new SimulatedClock());
        try {
          const socket = connect(join(door.folder, "door")).on("error", () => undefined);
          const closed = once(socket, "close");
          socket.resume().end(bytes);
          await closed;
        } finally {
          await door.close();
        }
        assertHolds(["started", "not-started", "lost"].includes((await door.begun).kind), "how a program began is told");
      }),
  },
];
