import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { createBoundedFetch } from "./bounded-fetch.ts";
import { type SimulatedModel, startSimulatedModel } from "./simulated-model.testing.ts";

const running: SimulatedModel[] = [];
afterEach(async () => {
  for (const model of running.splice(0)) await model.close();
});
const start = async (body: string | Buffer = "{}", headers: Record<string, string> = {}): Promise<SimulatedModel> => {
  const model = await startSimulatedModel({ kind: "body", body, headers });
  running.push(model);
  return model;
};
const fetchFor = (baseUrl: string, limitBytes = 1_024) =>
  createBoundedFetch({
    baseUrl,
    key: { header: "authorization", value: "Bearer key" },
    limitBytes,
    signal: new AbortController().signal,
    redact: (text) => text,
  });
const post = { method: "POST", body: "{}" };

describe("the fetch for one question", () => {
  it("brings the key to where it belongs, and not what a library put in its place", async () => {
    const model = await start();
    const http = fetchFor(model.baseUrl);
    await http.fetch(`${model.baseUrl}/x`, { ...post, headers: { Authorization: "Bearer other", "X-Api-Key": "other", Cookie: "a=b", "x-more": "1" } });
    expect(model.heard[0]?.headers).toMatchObject({ authorization: "Bearer key", "x-more": "1" });
    expect(model.heard[0]?.headers).not.toHaveProperty("x-api-key");
    expect(model.heard[0]?.headers).not.toHaveProperty("cookie");
    expect(http.heard()).toEqual({ kind: "answer", body: "{}" });
  });

  for (const at of ["url", "URL", "Request"] as const)
    it(`asks nobody else, whatever a library asks for (as a ${at})`, async () => {
      const [model, other] = [await start(), await start()];
      const http = fetchFor(model.baseUrl);
      const place = `${other.baseUrl}/x`;
      await expect(http.fetch(at === "url" ? place : at === "URL" ? new URL(place) : new Request(place, post), post)).rejects.toThrow(
        "not where baseUrl points",
      );
      expect(http.heard()).toMatchObject({ kind: "trouble", how: "error" });
      expect([model.heard, other.heard]).toEqual([[], []]);
    });

  for (const name of ["localhost", "[::1]", "127.0.0.1.nip.example"])
    it(`takes ${name} for another than 127.0.0.1`, async () => {
      const http = fetchFor("http://127.0.0.1:9/v1");
      await expect(http.fetch(`http://${name}:9/v1/x`, post)).rejects.toThrow("not where baseUrl points");
    });

  it("reads to its limit and not beyond", async () => {
    const [fits, tooLong] = [await start("x".repeat(1_024)), await start("x".repeat(1_025))];
    const [one, other] = [fetchFor(fits.baseUrl), fetchFor(tooLong.baseUrl)];
    expect(await (await one.fetch(`${fits.baseUrl}/x`, post)).text()).toHaveLength(1_024);
    await expect(other.fetch(`${tooLong.baseUrl}/x`, post)).rejects.toThrow("longer than 1 KiB");
    expect(other.heard()).toMatchObject({ kind: "trouble", how: "too-long" });
  });

  it("counts what a packed answer is when it is unpacked", async () => {
    const model = await start(gzipSync(Buffer.alloc(10_485_760, " ")), { "content-encoding": "gzip" });
    const http = fetchFor(model.baseUrl, 262_144);
    await expect(http.fetch(`${model.baseUrl}/x`, post)).rejects.toThrow("longer than 256 KiB");
  });

  it("knows that nothing was asked", () => expect(fetchFor("http://127.0.0.1:9/v1").heard()).toEqual({ kind: "not-asked" }));
});
