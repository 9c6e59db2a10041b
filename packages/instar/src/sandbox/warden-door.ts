import { randomBytes } from "node:crypto";
import { createServer, type Socket } from "node:net";
import { z } from "zod";
import type { Clock } from "../platform/clock.ts";
import type { EnteredProgram, ExecResult } from "./sandbox.ts";
import { openWardenSocket } from "./warden-socket.ts";

/** How the program that a warden stands in front of began. Whoever runs in the sandbox may have said it. */
export type ProgramBeginning =
  | { readonly kind: "started" }
  | { readonly kind: "not-started"; readonly because: string }
  /** The warden never came, has hung up, or said what no warden says. */
  | { readonly kind: "lost" };

/** The daemon's side of a warden's connections. What comes from inside is bounded, parsed, and throws nothing. */
export interface WardenDoor {
  readonly folder: string;
  readonly begun: Promise<ProgramBeginning>;
  /** As ConfinedService.connect. */
  connect(port: number): Promise<Socket>;
  /** As ConfinedService.exec. @param without names that it does not get from the program's environment */
  exec(program: EnteredProgram & { readonly timeoutMs: number }, without: readonly string[]): Promise<ExecResult>;
  signal(signal: NodeJS.Signals): void;
  /** Hangs up; what waits for an answer is told that there is none. May be called twice. */
  close(): Promise<void>;
}

/** At once; a program inside may dial, too. */
const CONNECTIONS = 512;
const HELLO_MS = 10_000;
/** Longer than the warden itself waits. */
const CONNECT_MS = 15_000;
const ANSWER_MS = 5_000;
const HELLO_BYTES = 256;
const NEWS_BYTES = 4_096;
/** Two outputs of 1 MiB, each byte of which may take six in JSON. */
const RESULT_BYTES = 13 * 1_048_576;

/**
 * Opens the door for one warden. The first control connection is the warden's, since its program starts only after it; the ids of the others
 * cannot be guessed.
 *
 * @throws InstarError SANDBOX_FAILED
 */
export async function openWardenDoor(scratch: string, clock: Clock): Promise<WardenDoor> {
  const sockets = new Set<Socket>();
  const awaited = createAwaited(clock);
  const begun = Promise.withResolvers<ProgramBeginning>();
  let control: Socket | undefined;

  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {}).once("close", () => sockets.delete(socket));
    socket.setTimeout(HELLO_MS, () => socket.destroy());
    readLine(socket, HELLO_BYTES, (line) => {
      socket.setTimeout(0).removeAllListeners("timeout");
      const hello = parseLine(line, z.object({ hello: z.string() }))?.hello ?? "";
      if (hello !== "control") awaited.take(hello, socket);
      else if (control !== undefined) socket.destroy();
      else followControl(socket);
    });
  });
  server.maxConnections = CONNECTIONS;

  function followControl(socket: Socket): void {
    control = socket;
    socket.once("close", hangUp);
    const next = () =>
      readLine(socket, NEWS_BYTES, (line) => {
        const news = parseLine(line, newsFromInside);
        if (news === undefined) return socket.destroy();
        if (news.said === "refused") awaited.refuse(news.id, news.code);
        if (news.said === "started") begun.resolve({ kind: "started" });
        if (news.said === "not-started") begun.resolve({ kind: "not-started", because: news.because });
        next();
      });
    next();
  }

  function hangUp(): void {
    awaited.close();
    begun.resolve({ kind: "lost" });
  }

  const ask = (message: object, withinMs: number, one: Answer) => {
    const id = awaited.add(one, withinMs);
    if (id !== undefined && control === undefined) awaited.refuse(id, "ECONNREFUSED");
    else if (id !== undefined) control?.write(`${JSON.stringify({ id, ...message })}\n`);
  };

  const socket = await openWardenSocket(server, scratch);
  return {
    folder: socket.folder,
    begun: begun.promise,
    connect: (port) =>
      new Promise((resolve, reject) => {
        ask({ do: "connect", port }, CONNECT_MS, { take: resolve, refuse: (code) => reject(refusedConnection(port, code)) });
      }),
    exec: ({ argv, cwd, environment, timeoutMs }, without) =>
      new Promise((resolve) => {
        const refuse = (code: string) => resolve(code === "ETIMEDOUT" ? silentProgram(timeoutMs) : endedSandbox);
        const one = { take: (found: Socket) => readResult(found, resolve, () => refuse("ECONNREFUSED")), refuse };
        ask({ do: "exec", argv, cwd, environment, timeoutMs, without }, timeoutMs + ANSWER_MS, one);
      }),
    signal: (signal) => {
      if (control?.writable) control.write(`${JSON.stringify({ do: "signal", signal })}\n`);
    },
    close: async () => {
      hangUp();
      await socket.close();
      for (const one of sockets) one.destroy();
    },
  };
}

const newsFromInside = z.union([
  z.object({ said: z.enum(["started", "ended"]) }),
  z.object({ said: z.literal("not-started"), because: z.string() }),
  z.object({ said: z.literal("refused"), id: z.string(), code: z.string() }),
]);

/** What waits for a connection that brings its id, or for word that there will be none. */
interface Answer {
  take(socket: Socket): void;
  refuse(code: string): void;
}

/** Each is answered once. After `close` there are no more answers: what asks then is refused. */
function createAwaited(clock: Clock) {
  const answers = new Map<string, Answer & { readonly deadline: AbortController }>();
  let isOpen = true;
  const pick = (id: string) => {
    const one = answers.get(id);
    answers.delete(id);
    one?.deadline.abort();
    return one;
  };
  return {
    add: (one: Answer, withinMs: number): string | undefined => {
      if (!isOpen) {
        one.refuse("ECONNREFUSED");
        return undefined;
      }
      const id = randomBytes(16).toString("hex");
      const deadline = new AbortController();
      answers.set(id, { ...one, deadline });
      clock.sleep(withinMs, deadline.signal).then(
        () => pick(id)?.refuse("ETIMEDOUT"),
        () => {},
      );
      return id;
    },
    take: (id: string, socket: Socket) => {
      const one = pick(id);
      if (one === undefined) socket.destroy();
      else one.take(socket);
    },
    refuse: (id: string, code: string) => pick(id)?.refuse(code),
    close: () => {
      isOpen = false;
      for (const id of [...answers.keys()]) pick(id)?.refuse("ECONNREFUSED");
    },
  };
}

const endedSandbox: ExecResult = { kind: "signalled", because: "the sandbox ended", stdout: "", stderr: "" };
const silentProgram = (timeoutMs: number): ExecResult => ({
  kind: "timed-out",
  because: `the sandbox did not say within ${timeoutMs} ms how it ended`,
  stdout: "",
  stderr: "",
});

/** As it looks to who dials a port directly. */
function refusedConnection(port: number, code: string): Error {
  return Object.assign(new Error(`connect ${code} 127.0.0.1:${port}`), { code, syscall: "connect", address: "127.0.0.1", port });
}

const output = { stdout: z.string(), stderr: z.string() };
const execResult: z.ZodType<ExecResult> = z.union([
  z.object({ kind: z.literal("exited"), status: z.int(), ...output }),
  z.object({ kind: z.enum(["timed-out", "signalled", "not-started"]), because: z.string(), ...output }),
]);

function readResult(socket: Socket, resolve: (result: ExecResult) => void, refuse: () => void): void {
  socket.once("close", refuse);
  readLine(socket, RESULT_BYTES, (line) => {
    const result = parseLine(line, execResult);
    if (result !== undefined) resolve(result);
    socket.destroy();
  });
}

/** Takes one line off a socket and leaves what follows it there. A line that is longer than `limit` bytes ends the connection. */
function readLine(socket: Socket, limit: number, take: (line: string) => void): void {
  const chunks: Buffer[] = [];
  let length = 0;
  const read = () => {
    for (let chunk = socket.read() as Buffer | null; chunk !== null; chunk = socket.read() as Buffer | null) {
      const end = chunk.indexOf(10);
      const part = end < 0 ? chunk : chunk.subarray(0, end);
      chunks.push(part);
      length += part.length;
      if (length > limit) return void socket.destroy();
      if (end < 0) continue;
      socket.removeListener("readable", read);
      if (end + 1 < chunk.length) socket.unshift(chunk.subarray(end + 1));
      return take(Buffer.concat(chunks).toString("utf8"));
    }
  };
  socket.on("readable", read);
}

function parseLine<Value>(line: string, shape: z.ZodType<Value>): Value | undefined {
  try {
    return shape.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}
