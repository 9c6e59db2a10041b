import { once } from "node:events";
import { renameSync, truncateSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { Agent, request } from "node:https";
import type { TLSSocket } from "node:tls";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { hasOpenssl, makeCertificate } from "../settings/make-certificate.testing.ts";
import type { CertificateFiles } from "../settings/read-server-certificate.ts";
import { KeeperBench } from "./keeper-bench.testing.ts";
import type { KeeperMainOptions } from "./keeper-main.testing.ts";

const POLL = { timeout: 40_000 };

/** Without the program `openssl` there is nothing that makes certificates. */
describe.skipIf(!hasOpenssl)("a keeper whose front speaks TLS", () => {
  let bench: KeeperBench;
  let files: CertificateFiles;
  beforeEach(async () => {
    bench = await KeeperBench.open();
    files = makeCertificate(bench.folder, "first");
  });
  afterEach(() => bench.close());

  const handOver = () => bench.client.command({ do: "hand-over", epoch: 1 });
  const front = (): Pick<KeeperMainOptions, "front"> => ({
    front: { host: "127.0.0.1", port: bench.port, hold: { requests: 100, bytes: 1_000_000, timeMs: 30_000 }, tls: files },
  });

  async function serve(): Promise<void> {
    await bench.client.command({ do: "start", epoch: 1, slot: "blue", spec: bench.spec("release-1") });
    await bench.client.command({ do: "route", epoch: 1, slot: "blue" });
    await expect.poll(() => ask().catch(() => undefined), POLL).toMatchObject({ status: 200 });
  }

  async function open(path: string, agent: Agent | false = false): Promise<IncomingMessage> {
    const call = request({ host: "127.0.0.1", port: bench.port, path, agent, rejectUnauthorized: false }).end();
    const [answer] = (await once(call, "response")) as [IncomingMessage];
    return answer;
  }

  async function ask(path = "/", agent: Agent | false = false): Promise<{ status: number | undefined; body: string; shown: unknown }> {
    const answer = await open(path, agent);
    const shown = (answer.socket as TLSSocket).getPeerCertificate().subject?.CN;
    let body = "";
    for await (const chunk of answer.setEncoding("utf8") as AsyncIterable<string>) body += chunk;
    return { status: answer.statusCode, body, shown };
  }

  it("is replaced under traffic: no request fails, a stream ends well, and the new one shows the certificate that is there by then", async () => {
    const first = await bench.start(front());
    await serve();
    const failures: unknown[] = [];
    let [isOver, answered] = [false, 0];
    const askOn = async (agent: Agent | false) => {
      while (!isOver)
        await ask("/", agent).then(
          ({ status }) => {
            if (status === 200) answered += 1;
            else failures.push(status);
          },
          (error: unknown) => failures.push(error),
        );
      if (agent !== false) agent.destroy();
    };
    const asking = Promise.all([askOn(false), askOn(new Agent({ keepAlive: true, maxSockets: 1 }))]);
    const stream = await open("/events");
    let events = "";
    stream.setEncoding("utf8").on("data", (text: string) => {
      events += text;
    });
    await expect.poll(() => answered > 50 && events.includes("data: 5\n"), POLL).toBe(true);

    const next = makeCertificate(bench.folder, "second");
    renameSync(next.keyPath, files.keyPath);
    renameSync(next.certificatePath, files.certificatePath);
    await handOver();
    expect((await bench.client.state()).pid).not.toBe(first.pid);
    expect(await ask()).toMatchObject({ status: 200, shown: "second" });
    const [answeredThen, eventsThen] = [answered, events.length];
    await expect.poll(() => answered > answeredThen + 50 && events.length > eventsThen, POLL).toBe(true);

    const ended = once(stream, "end");
    expect((await ask("/enough")).body).toBe("ended 1");
    await ended;
    isOver = true;
    await asking;
    expect(failures).toEqual([]);
    expect(await first.exited).toBe(0);
  });

  it("is not replaced by one that has no certificate to show", async () => {
    const first = await bench.start(front());
    await serve();
    truncateSync(files.certificatePath, 100);
    await expect(handOver()).rejects.toMatchObject({ code: "SETTINGS_INVALID", message: expect.stringMatching(/does not begin with a certificate/) });
    expect((await bench.client.state()).pid).toBe(first.pid);
    expect(await ask()).toMatchObject({ status: 200, shown: "first" });
  });

  it("can come to speak it when it is replaced", async () => {
    await bench.start({ next: front() });
    await bench.serve("release-1");
    await handOver();
    expect(await ask()).toMatchObject({ status: 200, shown: "first" });
  });

  it("minds the agent without a certificate that can be shown, says so once, and listens when there is one", async () => {
    const next = makeCertificate(bench.folder, "second");
    truncateSync(files.keyPath, 10);
    const keeper = await bench.start(front());
    await bench.client.command({ do: "start", epoch: 1, slot: "blue", spec: bench.spec("release-1") });
    await bench.client.command({ do: "route", epoch: 1, slot: "blue" });
    await bench.until(({ slots }) => slots.blue.alive);
    expect((await bench.client.state()).front?.listening).toBe(false);
    renameSync(next.certificatePath, files.certificatePath);
    renameSync(next.keyPath, files.keyPath);
    await expect.poll(() => ask().catch(() => undefined), POLL).toMatchObject({ status: 200, shown: "second" });
    expect(keeper.output().match(/holds no private key in PEM that can be used without a passphrase; trying again/g)).toHaveLength(1);
  });
});
