import { expect } from "vitest";
import { type FrontBench, openFrontBench, until } from "../front-bench.testing.ts";
import { CaseAgent } from "./case-agent.testing.ts";
import { CaseClient } from "./case-client.testing.ts";
import type { FrontCase, Scene } from "./front-case.testing.ts";
import { answered } from "./front-case.testing.ts";

/** Nothing is exchanged. */
export async function playAtRest(theCase: FrontCase): Promise<void> {
  await onStage(theCase, async (stage) => {
    const blue = await stage.start("blue");
    stage.route(blue);
    await stage.play(blue);
  });
}

/** The client's connection was used before the switch and is kept; blue hears nothing of the case. */
export async function playAfterSwitch(theCase: FrontCase): Promise<void> {
  await onStage(theCase, async (stage) => {
    const [blue, green] = [await stage.start("blue"), await stage.start("green")];
    stage.route(blue);
    const client = stage.openClient();
    await stage.mark(client, "before", blue);
    stage.route(green);
    await stage.front.whenDrained("blue");
    await stage.play(green, { client });
    expect(blue.arrivals).toEqual(["GET /marker/before HTTP/1.1"]);
  });
}

/** The switch comes between two halves of the first head. */
export async function playWithHalfOfItsHeadBeforeTheSwitch(theCase: FrontCase): Promise<void> {
  await onStage(theCase, async (stage) => {
    const [blue, green] = [await stage.start("blue"), await stage.start("green")];
    stage.route(blue);
    const client = stage.openClient();
    client.splitFirst(async () => {
      await until(() => client.raw.socket.bytesWritten > 0);
      await turns();
      stage.route(green);
      await stage.front.whenDrained("blue");
    });
    await stage.play(green, { client });
    expect(blue.arrivals).toEqual([]);
  });
}

/** Blue-green: at a moment of the case, which is under way on blue, green takes over and serves the whole case; then blue's goes on. */
export async function playBeforeSwitch(theCase: FrontCase, moment: string): Promise<void> {
  await onStage(theCase, async (stage) => {
    const [blue, green] = [await stage.start("blue"), await stage.start("green")];
    stage.route(blue);
    await stage.play(blue, {
      moment,
      async act() {
        stage.route(green);
        await stage.play(green);
      },
    });
  });
}

/** The same, and while green is in the middle of the case everything is taken back to a new blue. */
export async function playThereAndBack(theCase: FrontCase, moment: string): Promise<void> {
  await onStage(theCase, async (stage) => {
    const [blue, green, back] = [await stage.start("blue"), await stage.start("green"), await stage.start("blue", "blue-again")];
    stage.route(blue);
    await stage.play(blue, {
      moment,
      async act() {
        stage.route(green);
        await stage.play(green, {
          moment,
          async act() {
            stage.route(back);
            await stage.play(back);
          },
        });
        await stage.drained(green);
      },
    });
  });
}

/** A trial: at a moment of the case all callers are sent to green as its share, and taken back to the blue that never went away. */
export async function playBesideTrial(theCase: FrontCase, moment: string): Promise<void> {
  await onStage(theCase, async (stage) => {
    const [blue, green] = [await stage.start("blue"), await stage.start("green")];
    stage.route(blue);
    await stage.play(blue, {
      moment,
      async act() {
        stage.front.route({ main: blue.backend, share: { backend: green.backend, of: 1 } });
        await stage.play(green, { moment, act: async () => stage.route(blue) });
        await stage.drained(green);
      },
    });
  });
}

/** Recreate: what began before the hold ends on blue, what came after it waits for whoever is released to. */
export async function playBeforeHold(theCase: FrontCase, moment: string, releasedTo: "green" | "blue"): Promise<void> {
  await onStage(theCase, async (stage) => {
    const blue = await stage.start("blue");
    const next = releasedTo === "green" ? await stage.start("green") : blue;
    stage.route(blue);
    let second: Promise<void> | undefined;
    const first = stage.play(blue, {
      moment,
      async act() {
        stage.front.hold();
        second = quiet(stage.play(next, { isHeld: true }));
        await stage.waiting(theCase.held ?? 1);
        if (releasedTo === "green") expect(next.arrivals).toEqual([]);
      },
    });
    const drained = quiet(until(() => second !== undefined, "the moment to come").then(() => stage.drained(blue)));
    await Promise.race([drained, quiet(first).then(() => drained)]);
    if (!theCase.movesOn) await first;
    stage.route(next);
    stage.front.release();
    await Promise.all([first, second]);
  });
}

/** Recreate: the case comes into the hold, between two others, and all are answered in their order. */
export async function playInHold(theCase: FrontCase, releasedTo: "green" | "blue"): Promise<void> {
  await onStage(theCase, async (stage) => {
    const blue = await stage.start("blue");
    const next = await stage.start(releasedTo, releasedTo === "blue" ? "blue-again" : "green");
    const held = theCase.held ?? 1;
    stage.route(blue);
    stage.front.hold();
    const [first, last] = [stage.openClient(), stage.openClient()];
    const firstAnswer = quiet(stage.mark(first, "first", next));
    await stage.waiting(1);
    const playing = quiet(stage.play(next, { isHeld: true }));
    await stage.waiting(1 + held);
    if (held === 0) await playing;
    const lastAnswer = quiet(stage.mark(last, "last", next));
    await stage.waiting(2 + held);
    await stage.front.whenDrained("blue");
    expect([...blue.arrivals, ...next.arrivals]).toEqual([]);
    stage.route(next);
    stage.front.release();
    await Promise.all([firstAnswer, playing, lastAnswer]);
    expect(blue.arrivals).toEqual([]);
    expect(next.arrivals[0]).toContain("/marker/first");
    expect(next.arrivals[1 + held]).toContain("/marker/last");
  });
}

interface Stage {
  readonly front: FrontBench["front"];
  start(slot: string, release?: string): Promise<CaseAgent>;
  route(agent: CaseAgent): void;
  openClient(): CaseClient;
  /**
   * Plays the case once more, on this agent. `act` is called at one of its moments, and a drain of the agent's slot begins there:
   * it may not be over at that moment nor at any later one of this performance.
   */
  play(agent: CaseAgent, how?: { client?: CaseClient; isHeld?: boolean; moment?: string; act?: () => Promise<void> }): Promise<void>;
  /** Resolves when the drains that began so are over. */
  drained(agent: CaseAgent): Promise<void>;
  waiting(requests: number): Promise<void>;
  /** A request beside the case, which must be answered by this agent. */
  mark(client: CaseClient, name: string, by: CaseAgent): Promise<void>;
}

interface Performance {
  readonly agent: CaseAgent;
  readonly client: CaseClient;
  readonly isHeld: boolean;
}

async function onStage(theCase: FrontCase, act: (stage: Stage) => Promise<void>): Promise<void> {
  const bench = await openFrontBench({ hold: { requests: 100, bytes: 1_000_000_000, timeMs: 30_000 } });
  const { front } = bench;
  const agents: CaseAgent[] = [];
  const performances: Performance[] = [];
  const drains: { agent: CaseAgent; isOver: boolean; over: Promise<void> }[] = [];
  const isUnderWay = (agent: CaseAgent) => (front.status().inFlight[agent.backend.slot] ?? 0) > 0;
  const watchDrain = (agent: CaseAgent) => {
    const drain = {
      agent,
      isOver: false,
      over: front.whenDrained(agent.backend.slot).then(() => {
        drain.isOver = true;
      }),
    };
    drains.push(drain);
    return drain;
  };

  const stage: Stage = {
    front,
    async start(slot, release = slot) {
      const agent = await CaseAgent.start(slot, release);
      agents.push(agent);
      return agent;
    },
    route: (agent) => front.route({ main: agent.backend }),
    openClient: () => new CaseClient(bench.open()),
    async play(agent, { client = stage.openClient(), isHeld = false, moment: wanted, act: exchange } = {}) {
      const performance = { agent, client, isHeld };
      performances.push(performance);
      const passed: string[] = [];
      let drain: { isOver: boolean } | undefined;
      const scene: Scene = {
        client,
        agent,
        isHeld,
        word: `word${performances.length}.`,
        async moment(name) {
          passed.push(name);
          if (isHeld && theCase.held === 0) return; // No agent was asked.
          expect(isUnderWay(agent), `something is under way on ${agent.backend.slot} when ${name}`).toBe(true);
          if (name === wanted) {
            drain = watchDrain(agent);
            await exchange?.();
            await turns();
          }
          expect(drain?.isOver ?? false, `the slot is drained when ${name}`).toBe(false);
        },
        async askedAnywhere(containing) {
          let line: ReturnType<CaseAgent["takeAsked"]>;
          await until(() => {
            for (const one of agents) line ??= one.takeAsked(containing);
            return line !== undefined;
          }, `any agent to be asked ${containing}`);
          if (line === undefined) throw new Error("unreachable");
          return line;
        },
      };
      await theCase.play(scene);
      expect(passed, "the moments that the case declares").toEqual(theCase.moments);
      if (theCase.leaves === "closed" || theCase.leaves === "reset") await client.isGone(theCase.leaves);
      if (theCase.leaves === "open") expect(client.raw.hasEnded).toBe(false);
      if (theCase.leaves !== "unsaid") expect(client.raw.received).toBe("");
    },
    async drained(agent) {
      await Promise.all(drains.filter((drain) => drain.agent === agent).map(({ over }) => over));
    },
    waiting: (requests) =>
      until(
        () => front.status().waiting.requests === requests,
        () => `${requests} requests to wait, not ${front.status().waiting.requests}`,
      ),
    async mark(client, name, by) {
      client.send(`GET /marker/${name} HTTP/1.1\r\nHost: x\r\n\r\n`);
      expect(await client.answer()).toEqual(answered(204, "No Content", { framing: "none", lines: [`X-Release: ${by.backend.release}`] }));
    },
  };

  try {
    await act(stage);
    await Promise.all(drains.map(({ over }) => over));
    const serving = agents.find((agent) => agent.backend.port === front.status().backend?.port);
    if (serving === undefined) throw new Error("nobody serves at the end");
    for (const { client } of performances) if (theCase.leaves === "open") await stage.mark(client, "afterwards", serving);
    for (const { backend } of agents) await front.whenDrained(backend.slot);
    expect(Object.values(front.status().inFlight).filter((count) => count !== 0)).toEqual([]);
    expect(agents.map((agent) => agent.leftOver()).join("")).toBe("");
    await expectCounts(theCase, bench, agents, performances);
  } finally {
    for (const agent of agents) agent.close();
    await bench.close();
  }
}

async function expectCounts(theCase: FrontCase, bench: FrontBench, agents: CaseAgent[], performances: readonly Performance[]): Promise<void> {
  const none = { requests: 0, failed: 0, serverErrors: 0, transportErrors: 0, writes: 0 };
  const names = Object.keys(none) as (keyof typeof none)[];
  const countedOf = ({ isHeld }: Performance) => ({ ...none, requests: 1, ...theCase.counted, ...(isHeld ? theCase.countedWhenHeld : {}) });
  const groups = theCase.movesOn ? [agents] : agents.map((agent) => [agent]);
  const sumOver = (group: CaseAgent[], of: (agent: CaseAgent) => number) => group.reduce((sum, agent) => sum + of(agent), 0);
  const aborts = (theCase.clientAborts ?? 0) * performances.length;
  await until(() => bench.front.counts().clientAborts >= aborts, `${aborts} clients to be counted as gone`);
  const counts = bench.front.counts();
  for (const group of groups) {
    const mine = performances.filter(({ agent }) => group.includes(agent)).map(countedOf);
    const markers = sumOver(group, (agent) => agent.markersAnswered);
    const expected = names.map((name) => [name, mine.reduce((sum, counted) => sum + counted[name], name === "requests" ? markers : 0)]);
    const actual = names.map((name) => [name, sumOver(group, ({ backend }) => counts.releases[backend.release]?.[name] ?? 0)]);
    expect(Object.fromEntries(actual), group.map(({ backend }) => backend.release).join()).toEqual(Object.fromEntries(expected));
  }
  expect(counts).toMatchObject({ clientAborts: aborts, refusedByHold: 0, noBackend: 0 });
  expect(bench.errors).toHaveLength(performances.reduce((sum, performance) => sum + countedOf(performance).transportErrors, 0));
}

/** Many turns of the event loop: enough for whatever is on its way within this process. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Its failure is reported where it is awaited. */
function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
