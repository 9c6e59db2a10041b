import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { openGraphCache } from "./graph-cache.ts";

function place(): string {
  const folder = mkdtempSync(join(tmpdir(), "instar-graph-cache-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "graph");
}

async function written(): Promise<string> {
  const path = place();
  const cache = await openGraphCache(path);
  cache.set("one", { a: 1 });
  cache.set("two", { b: 2 });
  await cache.save();
  return path;
}

describe("the graph's cache", () => {
  it("keeps what was set", async () => {
    const cache = await openGraphCache(await written());
    expect([cache.get("one"), cache.get("two"), cache.get("three")]).toEqual([{ a: 1 }, { b: 2 }, undefined]);
  });

  it("drops what nobody asked for", async () => {
    const path = await written();
    const cache = await openGraphCache(path);
    cache.get("one");
    await cache.save();
    const after = await openGraphCache(path);
    expect([after.get("one"), after.get("two")]).toEqual([{ a: 1 }, undefined]);
  });

  it("leaves nothing beside its one file", async () => expect(readdirSync(join(await written(), ".."))).toEqual(["graph"]));

  const signed = (header: Record<string, unknown>, body: string) =>
    `${JSON.stringify({ ...header, sha256: createHash("sha256").update(body).digest("hex") })}\n${body}`;
  const headerOf = (text: string): Record<string, unknown> => JSON.parse(text.slice(0, text.indexOf("\n")));

  for (const [name, damage] of [
    ["empty", () => ""],
    ["cut off", (text: string) => text.slice(0, -3)],
    ["changed in one place", (text: string) => text.replace('{"a":1}', '{"a":2}')],
    ["of another extractor", (text: string) => signed({ ...headerOf(text), extractor: 0 }, text.slice(text.indexOf("\n") + 1))],
    ["of another parser", (text: string) => signed({ ...headerOf(text), parser: "0.0.0" }, text.slice(text.indexOf("\n") + 1))],
    ["no list", (text: string) => signed(headerOf(text), '{"one":{"a":1}}')],
    ["no JSON", (text: string) => signed(headerOf(text), '[["one",{"a":1}]')],
    ["of other values", (text: string) => signed(headerOf(text), '[["one",5],["two"],[1,{}]]')],
  ] as const)
    it(`counts as empty where its file is ${name}`, async () => {
      const path = await written();
      writeFileSync(path, damage(readFileSync(path, "utf8")));
      const cache = await openGraphCache(path);
      expect([cache.get("one"), cache.get("two")]).toEqual([undefined, undefined]);
    });

  it("is not damaged by what the damage above is made with", async () => {
    const path = await written();
    const text = readFileSync(path, "utf8");
    expect(signed(headerOf(text), text.slice(text.indexOf("\n") + 1))).toBe(text);
  });

  it("counts as empty where its file is a folder, or a link", async () => {
    const [folder, link] = [place(), place()];
    mkdirSync(folder);
    symlinkSync(await written(), link);
    expect((await openGraphCache(folder)).get("one")).toBeUndefined();
    expect((await openGraphCache(link)).get("one")).toBeUndefined();
  });
});
