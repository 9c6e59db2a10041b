import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { Agent, type ClientRequest, createServer, type IncomingMessage, request } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { onDrain } from "./on-drain.ts";

let agent: DrainingAgent | undefined;
const opened: { destroy(): unknown }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0)) each.destroy();
  await agent?.end();
});

describe("told to end, an agent", () => {
  it("answers what is in flight, closes kept connections, takes no new one, and exits with 0", async () => {
    agent = await DrainingAgent.start({});
    const kept = new Agent({ keepAlive: true });
    opened.push(kept);
    expect(await text(agent.ask("/", { agent: kept }))).toBe("quick");
    const slow = agent.ask("/slow", { agent: new Agent({ keepAlive: true }) });
    const begun = text(agent.ask("/begun", { agent: new Agent({ keepAlive: true }) }));
    await agent.says("asked /slow");
    await agent.says("asked /begun");
    agent.tell("SIGTERM");
    const [answer] = (await once(slow, "response")) as [IncomingMessage];
    expect(answer.headers.connection).toBe("close");
    expect(await read(answer)).toBe("slow");
    expect(await begun).toBe("begun");
    expect(await agent.exited).toEqual([0, null]);
    await expect(text(agent.ask("/"))).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  it("ends event streams and WebSockets, which would not end by themselves", async () => {
    agent = await DrainingAgent.start({ withinMs: 60_000 });
    const events = text(agent.ask("/events", { headers: { accept: "text/event-stream" } }));
    const socket = agent.upgrade();
    const closed = once(socket, "close");
    expect(String(await once(socket, "data"))).toContain("101");
    await agent.says("asked /events");
    agent.tell("SIGTERM");
    // An end, and not a break: the client reads all of it.
    expect(await events).toBe("data: 1\n\n");
    await closed;
    expect(await agent.exited).toEqual([0, null]);
  });

  it("lets its handler finish before it exits", async () => {
    agent = await DrainingAgent.start({});
    agent.tell("SIGTERM");
    await agent.says("finished");
    expect(await agent.exited).toEqual([0, null]);
  });

  it("answers a request that comes on a connection which is still at work, and closes that connection", async () => {
    agent = await DrainingAgent.start({ withinMs: 60_000 });
    const socket = agent.connect();
    let heard = "";
    socket.on("data", (chunk) => {
      heard += chunk;
    });
    socket.write("GET /held HTTP/1.1\r\nHost: a\r\n\r\n");
    await agent.says("asked /held");
    agent.tell("SIGTERM");
    await agent.says("draining");
    socket.write("GET /quick HTTP/1.1\r\nHost: a\r\n\r\n");
    await once(socket, "close");
    const [, , answer] = heard.split("HTTP/1.1 200 OK");
    expect(answer?.toLowerCase()).toContain("connection: close");
    expect(answer).toContain("quick");
    expect(await agent.exited).toEqual([0, null]);
  });

  it("exits with 1 where a request takes longer than the time, and says what was cut off", async () => {
    agent = await DrainingAgent.start({ withinMs: 100 });
    const never = text(agent.ask("/never")).catch((error: NodeJS.ErrnoException) => error.code);
    await agent.says("asked /never");
    agent.tell("SIGTERM");
    expect(await never).toBe("ECONNRESET");
    expect(await agent.exited).toEqual([1, null]);
    expect(agent.warned).toContain("1 requests were cut off");
  });

  it("exits with 1 where its handler does not end in time, or fails", async () => {
    agent = await DrainingAgent.start({ withinMs: 100, handler: "never" });
    agent.tell("SIGTERM");
    expect(await agent.exited).toEqual([1, null]);
    await agent.end();
    agent = await DrainingAgent.start({ handler: "fails" });
    agent.tell("SIGTERM");
    expect(await agent.exited).toEqual([1, null]);
    expect(agent.warned).toContain("could not finish");
  });

  it("ends at once on a second signal", async () => {
    agent = await DrainingAgent.start({ withinMs: 600_000, handler: "never" });
    agent.tell("SIGTERM");
    await agent.says("draining");
    agent.tell("SIGINT");
    expect(await agent.exited).toEqual([130, null]);
  });

  it("hears the signal that instar.yaml names, and leaves the others as they are", async () => {
    agent = await DrainingAgent.start({ signals: ["SIGHUP"] });
    agent.tell("SIGHUP");
    expect(await agent.exited).toEqual([0, null]);
    await agent.end();
    agent = await DrainingAgent.start({ signals: ["SIGHUP"] });
    agent.tell("SIGTERM");
    expect(await agent.exited).toEqual([null, "SIGTERM"]);
  });

  it("does not wait for who connects and says nothing", async () => {
    agent = await DrainingAgent.start({ withinMs: 60_000 });
    const silent = agent.connect();
    await once(silent, "connect");
    expect(await text(agent.ask("/"))).toBe("quick");
    agent.tell("SIGTERM");
    expect(await agent.exited).toEqual([0, null]);
  });
});

describe("an agent that ends itself in its own way", () => {
  it("is told the status when every connection is closed", async () => {
    const server = createServer(() => undefined);
    const errors: unknown[] = [];
    const exited = new Promise((resolve) => {
      const drain = onDrain(() => undefined, {
        servers: [server],
        signals: ["SIGUSR2"],
        withinMs: 50,
        onError: (error) => errors.push((error as Error).message),
        exit: (status) => {
          drain.dispose();
          resolve([status, drain.signal.aborted]);
        },
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const call = request({ host: "127.0.0.1", port: (server.address() as AddressInfo).port, agent: false });
    opened.push(call);
    const broken = text(call).catch((error: NodeJS.ErrnoException) => error.code);
    call.end();
    await once(server, "request");
    process.kill(process.pid, "SIGUSR2");
    expect(await broken).toBe("ECONNRESET");
    expect(await exited).toEqual([1, true]);
    expect(errors).toEqual(["the time to end (0.05 s) is over: 1 requests were cut off"]);
    expect(process.listenerCount("SIGUSR2")).toBe(0);
  });
});

const read = async (answer: IncomingMessage): Promise<string> => {
  let body = "";
  for await (const chunk of answer) body += chunk;
  return body;
};
const text = (call: ClientRequest): Promise<string> =>
  new Promise((resolve, reject) => {
    call.on("response", (answer) => read(answer).then(resolve, reject));
    call.on("error", reject);
  });

class DrainingAgent {
  readonly #child: ChildProcess;
  readonly exited: Promise<unknown[]>;
  #said = "";
  warned = "";
  #port = 0;

  private constructor(how: object) {
    this.#child = spawn(process.execPath, [fileURLToPath(new URL("draining-agent.testing.ts", import.meta.url)), JSON.stringify(how)], {
      env: { PATH: process.env.PATH },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.exited = once(this.#child, "close");
    this.#child.stderr?.on("data", (chunk) => {
      this.warned += chunk;
    });
    this.#child.stdout?.on("data", (chunk) => {
      this.#said += chunk;
    });
  }

  static async start(how: object): Promise<DrainingAgent> {
    const started = new DrainingAgent(how);
    await started.says("port ");
    started.#port = Number(/port (\d+)/.exec(started.#said)?.[1]);
    return started;
  }

  async says(wanted: string): Promise<void> {
    while (!this.#said.includes(wanted)) {
      if (this.#child.stdout?.readableEnded === true) throw new Error(`it ended before it said ${wanted}: ${this.warned}`);
      await new Promise(setImmediate);
    }
  }

  tell(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  ask(path: string, more: { agent?: Agent; headers?: Record<string, string> } = {}): ClientRequest {
    const call = request({ host: "127.0.0.1", port: this.#port, path, agent: false, ...more });
    opened.push(call);
    if (more.agent !== undefined) opened.push(more.agent);
    call.end();
    return call;
  }

  connect(): Socket {
    const socket = connect({ host: "127.0.0.1", port: this.#port });
    opened.push(socket);
    return socket;
  }

  upgrade(): Socket {
    const socket = this.connect();
    socket.write("GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    return socket;
  }

  async end(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.exited;
  }
}
