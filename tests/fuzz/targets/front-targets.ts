import { writeFileSync } from "node:fs";
import { isIP } from "node:net";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { parseNewestQuestion } from "../../../packages/instar/src/faces/registry/parse-newest-question.ts";
import { planFileAnswer } from "../../../packages/instar/src/faces/registry/plan-file-answer.ts";
import { planRegistryPath } from "../../../packages/instar/src/faces/registry/plan-registry-path.ts";
import { readCounts } from "../../../packages/instar/src/keeper/counts-file.ts";
import { addressOf, parseForwarded, renderForwarded } from "../../../packages/instar/src/keeper/front/forwarded-header.ts";
import { FrameReader } from "../../../packages/instar/src/keeper/front/frame-reader.ts";
import { emptyCounts } from "../../../packages/instar/src/keeper/front/front-counts.ts";
import { mergeCounts } from "../../../packages/instar/src/keeper/front/merge-counts.ts";
import { MalformedAnswer } from "../../../packages/instar/src/keeper/front/parse-answer-line.ts";
import { planOrigin } from "../../../packages/instar/src/keeper/front/plan-origin.ts";
import { AnswerReader } from "../../../packages/instar/src/keeper/front/read-answer.ts";
import { createProxyTrust } from "../../../packages/instar/src/keeper/front/trusted-proxies.ts";
import { KeeperMemory } from "../../../packages/instar/src/keeper/keeper-state.ts";
import { assertHolds, assertInside, type FuzzTarget, seedOf, textOf } from "../fuzz-target.ts";

const ANSWERS = [
  "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n\r\nhelloHTTP/1.1 204 \r\n\r\n",
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a="b"\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n',
  "HTTP/1.0 200 OK\r\nConnection: close\r\n\r\nto the end",
  "HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\n\r\n\x81\x01x",
].map(seedOf);
const FRAMES = [
  [0x01, 0x03, 0x61, 0x62, 0x63, 0x89, 0x00, 0x80, 0x01, 0x64, 0x88, 0x02, 0x03, 0xe8],
  [0x82, 0xfe, 0x00, 0x80, 1, 2, 3, 4, ...Array.from({ length: 128 }, () => 7)],
].map((bytes) => Buffer.from(bytes));
const COUNTS = {
  ...emptyCounts(),
  held: 3,
  releases: { r1: { requests: 9, failed: 1, serverErrors: 1, transportErrors: 0, writes: 2, latency: { count: 9, buckets: { "12": 9 } } } },
};
const SLOT = { spec: null, wanted: "stopped", process: { pid: 1, startedAt: "boot/1" }, port: 3_000, restarts: 0, startedAt: null, logFrom: 0 };
const KEEPER_STATE = { format: 1, epoch: 3, routed: "blue", share: { slot: "green", of: 0.1 }, holding: false, slots: { blue: SLOT, green: SLOT } };
const ETAG = '"abc"';

export const FRONT_TARGETS: readonly FuzzTarget[] = [
  {
    name: "http-answer",
    seeds: ANSWERS,
    parse: (bytes) => {
      for (const method of ["GET", "HEAD"]) {
        const whole = readAnswer(method, [bytes]);
        const third = Math.floor(bytes.length / 3);
        for (const pieces of [[bytes.subarray(0, third), bytes.subarray(third)], Array.from(bytes, (_, at) => bytes.subarray(at, at + 1))])
          assertHolds(isDeepStrictEqual(readAnswer(method, pieces), whole), "an answer is the same in whatever pieces it comes");
      }
    },
    tasteInputs: 100,
  },
  {
    name: "web-socket-frames",
    seeds: FRAMES,
    parse: (bytes) => {
      for (const from of ["client", "agent"] as const)
        for (const hasExtensions of [false, true]) {
          const options = { from, hasExtensions };
          const inBytes = readFrames(
            new FrameReader(options),
            Array.from(bytes, (_, at) => bytes.subarray(at, at + 1)),
          );
          assertHolds(isDeepStrictEqual(readFrames(new FrameReader(options), [bytes]), inBytes), "frames end where they end in whatever pieces they come");
        }
    },
    tasteInputs: 200,
  },
  {
    name: "forwarded",
    seeds: [seedOf('for=192.0.2.1;proto=https;host=example.org, for="[2001:db8::1]:80", for=_hidden'), seedOf("192.0.2.1, [2001:db8::1]:80")],
    parse: (bytes) => {
      const hops = parseForwarded(textOf(bytes));
      addressOf(textOf(bytes));
      if (hops === undefined || hops.length === 0) return;
      const plain = hops.map(({ for: by, host, proto }) => ({
        ...(by === undefined ? {} : { for: by }),
        ...(host === undefined ? {} : { host }),
        ...(proto === undefined ? {} : { proto }),
      }));
      if (plain.some((hop) => Object.keys(hop).length === 0)) return;
      assertHolds(isDeepStrictEqual(parseForwarded(renderForwarded(plain)), plain), "hops that are written are read as they were");
    },
  },
  {
    name: "origin",
    seeds: [seedOf("192.0.2.1, 10.0.0.2\nfor=192.0.2.7\nexample.org"), seedOf("unknown, _x\n\n")],
    parse: (bytes) => {
      const [chain = "", forwarded = "", host = ""] = textOf(bytes).split("\n");
      const headers = { "x-forwarded-for": chain, forwarded, host };
      const request = { headers, rawHeaders: Object.entries(headers).flat() };
      const isTrusted = createProxyTrust(["10.0.0.0/8"]);
      const rules = { tells: ["x-forwarded", "forwarded"], scheme: "https", isTrusted } as const;
      assertHolds(planOrigin(request, "192.0.2.9", rules).address === "192.0.2.9", "who is not trusted is who asks");
      planOrigin(request, "10.0.0.1", rules);
    },
  },
  {
    name: "proxy-ranges",
    seeds: ["10.0.0.0/8", "2001:db8::/32", "::ffff:1.2.3.4"].map(seedOf),
    parse: (bytes) => {
      const isTrusted = createProxyTrust([textOf(bytes)]);
      const [address = ""] = textOf(bytes).split("/");
      assertHolds(isIP(address) !== 0 && isTrusted(address), "a range holds its own address");
    },
  },
  {
    name: "counts-file",
    tasteInputs: 100,
    seeds: [seedOf(COUNTS)],
    parse: async (bytes, scratch) => {
      writeFileSync(join(scratch, "counts.json"), bytes);
      const found = await readCounts(join(scratch, "counts.json"));
      if (found !== undefined) mergeCounts(emptyCounts(), found);
    },
  },
  {
    name: "keeper-state",
    tasteInputs: 100,
    seeds: [seedOf(KEEPER_STATE)],
    parse: async (bytes, scratch) => {
      writeFileSync(join(scratch, "state.json"), bytes);
      const { share } = (await KeeperMemory.open(scratch)).state;
      assertHolds(share === null || (share.of >= 0 && share.of <= 1), "a share is between nothing and all");
    },
  },
  {
    name: "registry-path",
    seeds: [
      seedOf("/metadata/1.root.json"),
      seedOf(`/targets/stable/${"0".repeat(64)}.agent-1.0.0.tgz?x=1`),
      seedOf("/targets/%2e%2e/%2Fetc%2fpasswd"),
      seedOf("/api/v1/updates?component=agent&channel=stable&current=1.0.0"),
    ],
    parse: (bytes) => {
      const place = planRegistryPath(textOf(bytes));
      if (place.kind === "file") {
        for (const part of place.parts) assertHolds(!part.includes("/"), "a part is one name");
        assertInside(place.parts.join("/"));
      }
      if (place.kind === "updates") parseNewestQuestion(place.query);
    },
  },
  {
    name: "newest-question",
    seeds: [seedOf("component=agent&channel=beta&current=1.2.3-rc.1")],
    parse: (bytes) => {
      const { component, channel } = parseNewestQuestion(new URLSearchParams(textOf(bytes)));
      assertInside(`${channel}/${component}`);
    },
  },
  {
    name: "range",
    seeds: ["bytes=0-9", "bytes=5-", "bytes=-3", "bytes=0-1,3-4", 'W/"abc", *'].map(seedOf),
    parse: (bytes) => {
      const text = textOf(bytes);
      for (const sizeBytes of [0, 1, 10])
        for (const conditions of [{ range: text }, { range: text, ifRange: ETAG }, { range: "bytes=1-", ifRange: text }, { ifNoneMatch: text }]) {
          const answer = planFileAnswer({ sizeBytes, etag: ETAG }, { method: "GET", ...conditions });
          if (answer.kind !== "content") continue;
          assertHolds(answer.first >= 0 && answer.last < sizeBytes && answer.first <= answer.last + 1, "what is given lies in the file");
          assertHolds(answer.status === 206 || (answer.first === 0 && answer.last === sizeBytes - 1), "what is no part is the whole");
        }
    },
  },
];

/** What is told of an answer, its body put together; and at which byte it was over, or why it is none. */
function readAnswer(method: string, pieces: readonly Buffer[]): unknown {
  const told: unknown[] = [];
  let body = "";
  const reader = new AnswerReader(method, {
    onInterim: (head) => told.push(head),
    onHead: (head) => told.push(head),
    onBody: (bytes) => {
      body += bytes.toString("latin1");
    },
    onEnd: (trailers) => told.push(body, [...trailers]),
  });
  let taken = 0;
  try {
    for (const piece of pieces) {
      taken += reader.read(piece);
      if (reader.isOver) break;
    }
    reader.end();
    return { told, taken, isPersistent: reader.isPersistent };
  } catch (error) {
    // One that breaks off was told as far as it came: how much of its body that was, and in which words it is refused, depends on the pieces.
    if (error instanceof MalformedAnswer) return { told, isRefused: true };
    throw error;
  }
}

/** The border of each frame, and what it was; the last is where the reader was lost. */
function readFrames(reader: FrameReader, pieces: readonly Buffer[]): unknown[] {
  const frames: unknown[] = [];
  let before = 0;
  for (const piece of pieces) {
    for (let at = 0; at < piece.length && !reader.isLost; ) {
      at = reader.read(piece, at);
      if (reader.isLost) return [...frames, "lost"];
      if (reader.isAtBorder) frames.push([before + at, reader.lastKind]);
    }
    before += piece.length;
  }
  return frames;
}
