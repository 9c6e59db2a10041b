import { timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { InstarError, renderProblem } from "@instar/protocol";
import { z } from "zod";
import { quantileOfSketch } from "../statistics/latency-sketch.ts";
import type { Front, FrontStatus } from "./front/front.ts";
import type { FrontCounts } from "./front/front-counts.ts";
import { type Keeper, pointFront } from "./keeper.ts";
import { SLOTS, type SlotName, type SlotShare, slotShare, slotSpec } from "./keeper-state.ts";
import { retireSockets } from "./retire-sockets.ts";

const slot = z.enum(SLOTS);

/** What a daemon may tell the keeper. Each may be said twice. `epoch` says which daemon speaks. */
const keeperCommand = z.discriminatedUnion("do", [
  z.object({ do: z.literal("hold"), epoch: z.int() }),
  z.object({ do: z.literal("release"), epoch: z.int() }),
  z.object({ do: z.literal("drain"), epoch: z.int(), slot, withinMs: z.int() }),
  /** `spec: null`: what the slot ran before. */
  z.object({ do: z.literal("start"), epoch: z.int(), slot, spec: slotSpec.nullable() }),
  z.object({ do: z.literal("stop"), epoch: z.int(), slot }),
  /** New requests go to `slot`; where a share is named, so much of them (0 to 1) to that slot instead. */
  z.object({ do: z.literal("route"), epoch: z.int(), slot: slot.nullable(), share: slotShare.nullable().optional() }),
  /** After a pause tells the WebSockets of a slot to come again, group by group, all of them within this time. Answers at once. */
  z.object({ do: z.literal("retire"), epoch: z.int(), slot, group: z.int().min(1), withinMs: z.number().min(0), afterMs: z.number().min(0).default(0) }),
  z.object({ do: z.literal("clear"), epoch: z.int(), slot }),
  z.object({ do: z.literal("take-over"), epoch: z.int() }),
  /** Puts a keeper with new code and settings in the place of this one; answered when that one can be reached. */
  z.object({ do: z.literal("hand-over"), epoch: z.int() }),
  /** Ends the keeper; the one command that any caller with the token may give. */
  z.object({ do: z.literal("end"), keepAgent: z.boolean() }),
]);
export type KeeperCommand = z.output<typeof keeperCommand>;
/** As it is said: what has a default may be left out. */
export type SaidCommand = z.input<typeof keeperCommand>;

const COMMAND_LIMIT_BYTES = 1_048_576;
const LAST_WORDS_MS = 500;

/** The keeper's control door: loopback, any free port, token required. Commands are carried out one after the other. */
export async function serveControl(keeper: Keeper, token: string): Promise<{ port: number; close: () => Promise<void> }> {
  let queue: Promise<unknown> = Promise.resolve();
  const server = createServer((request, response) => {
    void answer(request, response).catch((error: unknown) => sendProblem(response, error));
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!isAuthorized(request, token)) throw new InstarError("UNAUTHORIZED", "the keeper's token is missing or wrong");
    if (request.method === "GET" && request.url === "/state") return send(response, 200, await describe(keeper));
    if (request.method !== "POST" || request.url !== "/command") throw new InstarError("NOT_FOUND", "the keeper knows /state and /command");
    const parsed = keeperCommand.safeParse(JSON.parse(await readBody(request)));
    if (!parsed.success) throw new InstarError("INPUT_INVALID", "this is not a keeper's command", { cause: parsed.error });
    // Told to end, the keeper does not first wait for requests that drain.
    const command = parsed.data;
    if (command.do === "end") {
      keeper.end(command.keepAgent);
      return send(response, 200, await describe(keeper));
    }
    const done = queue
      .then(() => obey(keeper, command))
      .finally(() => {
        keeper.commandedMs = keeper.clock.monotonicMs();
      });
    queue = done.catch(() => undefined);
    await done;
    send(response, 200, await describe(keeper));
  }

  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      // Who was told that the keeper was replaced, or ends, is still to hear it.
      const late = new AbortController();
      await Promise.race([closed, keeper.clock.sleep(LAST_WORDS_MS, late.signal).catch(() => undefined)]);
      late.abort();
      server.closeAllConnections();
      await closed;
    },
  };
}

const NEEDS_WHOLE_PICTURE: ReadonlySet<KeeperCommand["do"]> = new Set(["hold", "drain", "stop", "route", "retire"]);

async function obey(keeper: Keeper, command: Exclude<KeeperCommand, { do: "end" }>): Promise<void> {
  const { memory, slots, front } = keeper;
  if (keeper.handOver.isDone.aborted) throw new InstarError("KEEPER_UNREACHABLE", "another keeper has taken over", { transient: true });
  if (command.epoch < memory.state.epoch)
    throw new InstarError("FENCED", `the keeper obeys epoch ${memory.state.epoch}; this command is of epoch ${command.epoch}`, {
      facts: { epoch: command.epoch },
    });
  if (command.epoch > memory.state.epoch) await memory.change({ epoch: command.epoch });
  // A keeper that was replaced may still answer somebody: only after it is gone nothing is in flight that is not seen here.
  if (NEEDS_WHOLE_PICTURE.has(command.do)) await keeper.predecessor?.gone;
  switch (command.do) {
    case "take-over":
      return;
    case "hand-over":
      if (memory.state.holding)
        throw new InstarError("CONFLICT", "an exchange is going on: requests are held", { advice: "Try again when `instar status` shows that it is over." });
      return keeper.handOver.run();
    case "hold":
      // Durable first: a keeper that is killed now comes back holding, so no request meets a half exchange.
      await memory.change({ holding: true });
      return front?.hold();
    case "release":
      await memory.change({ holding: false });
      return front?.release();
    case "drain":
      return drain(keeper, command.slot, command.withinMs);
    case "start":
      await slots[command.slot].start(command.spec);
      return pointFront(keeper);
    case "stop":
      return slots[command.slot].stop();
    case "route":
      await memory.change({ routed: command.slot, share: command.share ?? null });
      return pointFront(keeper);
    case "retire":
      // Not waited for: those who wait for the slot to be empty drain it.
      void retireSockets({ front, clock: keeper.clock, routed: () => memory.state.routed }, command);
      return;
    case "clear":
      if (await slots[command.slot].isAlive()) throw new InstarError("CONFLICT", `slot ${command.slot} still runs`);
      return memory.changeSlot(command.slot, { spec: null, wanted: "stopped", process: null, port: null, restarts: 0, startedAt: null, logFrom: 0 });
    default:
      command satisfies never;
  }
}

/** Requests in flight end by themselves, or are cut when the slot stops: after the deadline the exchange goes on. */
async function drain({ front, clock }: Keeper, slot: SlotName, withinMs: number): Promise<void> {
  if (front === null) return;
  const late = new AbortController();
  await Promise.race([front.whenDrained(slot, late.signal).catch(() => undefined), clock.sleep(withinMs, late.signal).catch(() => undefined)]);
  late.abort();
}

export interface KeeperReport {
  readonly pid: number;
  /** By the wall clock, for people. */
  readonly startedAt: string;
  /** What a replacement of the keeper is at, in words; null where none is going on. */
  readonly handOver: string | null;
  readonly epoch: number;
  readonly routed: SlotName | null;
  readonly share: SlotShare | null;
  readonly holding: boolean;
  readonly slots: Readonly<Record<SlotName, KeeperSlotReport>>;
  readonly front: {
    readonly listening: boolean;
    readonly counts: FrontCounts;
    /** Releases whose counts are a lower bound, because a keeper was killed while they served. */
    readonly undercounted: readonly string[];
    readonly status: FrontStatus;
    /** Of the release in each slot, since it first served. */
    readonly latency: Readonly<Record<SlotName, SlotLatency>>;
  } | null;
}
/** From forwarding to the head of the answer; null before the first one. */
interface SlotLatency {
  readonly medianMs: number | null;
  readonly p99Ms: number | null;
}
export interface KeeperSlotReport {
  readonly release: string | null;
  readonly version: string | null;
  readonly wanted: "running" | "stopped";
  readonly alive: boolean;
  readonly pid: number | null;
  readonly startedAt: string | null;
  readonly port: number | null;
  readonly restarts: number;
  readonly logPath: string | null;
  /** Where this start's output begins in the log. */
  readonly logFrom: number;
  readonly cwd: string | null;
  /** Whether what runs in it was started in a sandbox. */
  readonly isSandboxed: boolean;
}

async function describe({ memory, slots, front, startedAt, handOver, predecessor }: Keeper): Promise<KeeperReport> {
  const report = async (name: SlotName): Promise<KeeperSlotReport> => {
    const { spec, wanted, process, port, restarts, startedAt, logFrom } = slots[name].state;
    const alive = await slots[name].isAlive();
    return {
      release: spec?.release ?? null,
      version: spec?.version ?? null,
      wanted,
      alive,
      pid: alive ? (process?.pid ?? null) : null,
      startedAt,
      port,
      restarts,
      logPath: spec?.logPath ?? null,
      logFrom,
      cwd: spec?.cwd ?? null,
      isSandboxed: (spec?.prefix.length ?? 0) > 0,
    };
  };
  const { epoch, routed, share, holding } = memory.state;
  return {
    pid: process.pid,
    startedAt,
    handOver: handOver.describe() ?? predecessor?.describe() ?? null,
    epoch,
    routed,
    share,
    holding,
    slots: { blue: await report("blue"), green: await report("green") },
    front: front === null ? null : describeFront(front, slots, memory.state.undercounted),
  };
}

function describeFront(front: Front, slots: Keeper["slots"], undercounted: readonly string[]): NonNullable<KeeperReport["front"]> {
  const counts = front.counts();
  const status = front.status();
  const latencyOf = (slot: SlotName): SlotLatency => {
    const sketch = counts.releases[slots[slot].state.spec?.release ?? ""]?.latency;
    const at = (quantile: number) => (sketch === undefined ? null : (quantileOfSketch(sketch, quantile) ?? null));
    return { medianMs: at(0.5), p99Ms: at(0.99) };
  };
  return { listening: status.listening !== undefined, counts, undercounted, status, latency: { blue: latencyOf("blue"), green: latencyOf("green") } };
}

function isAuthorized(request: IncomingMessage, token: string): boolean {
  const given = Buffer.from(request.headers.authorization ?? "");
  const wanted = Buffer.from(`Bearer ${token}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes > COMMAND_LIMIT_BYTES) throw new InstarError("INPUT_INVALID", "the command is too long");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

function sendProblem(response: ServerResponse, error: unknown): void {
  const problem = renderProblem(error);
  if (!response.headersSent) send(response, problem.status, problem);
  else response.destroy();
}
