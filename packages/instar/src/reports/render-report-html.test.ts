import { createHash } from "node:crypto";
import type { Report } from "@instar/protocol";
import { describe, expect, it } from "vitest";
import { buildReport, type SignedHead } from "./build-report.ts";
import { HOSTILE, tellHostile } from "./hostile-ledger.testing.ts";
import { type Beside, renderReportHtml } from "./render-report-html.ts";
import { CODE, ToldLedger } from "./tell-ledger.testing.ts";

const REQUEST = { instance: "demo", madeAt: "2026-03-30T00:00:00.000Z" };

interface Element {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
}

/** Reads the page as strictly as XML: every element closed in order, every attribute in double quotes. @throws for anything else, so nothing slips through */
function parsePage(page: string): { elements: Element[]; texts: string[] } {
  const elements: Element[] = [];
  const texts: string[] = [];
  const open: string[] = [];
  let rest = page.replace(/^<!doctype html>\n/, "");
  if (rest === page) throw new Error("no doctype");
  while (rest.length > 0) {
    const tag = /^<(\/?)([a-z][a-z0-9]*)((?:\s+[a-zA-Z][a-zA-Z0-9:-]*(?:="[^"<>]*")?)*)\s*(\/?)>/.exec(rest);
    if (tag === null) {
      const text = /^[^<>]+/.exec(rest)?.[0];
      if (text === undefined) throw new Error(`not markup: ${rest.slice(0, 60)}`);
      texts.push(text);
      rest = rest.slice(text.length);
      continue;
    }
    const [all, closing, name = "", attributes = "", isEmpty] = tag;
    rest = rest.slice(all.length);
    if (closing === "/") {
      if (open.pop() !== name) throw new Error(`</${name}> closes another element`);
      continue;
    }
    const found = [...attributes.matchAll(/([a-zA-Z][a-zA-Z0-9:-]*)(?:="([^"]*)")?/g)].map(([, key = "", value = ""]) => [key, value] as const);
    elements.push({ name, attributes: new Map(found) });
    if (isEmpty !== "/" && name !== "meta") open.push(name);
  }
  if (open.length > 0) throw new Error(`not closed: ${open.join(" ")}`);
  return { elements, texts };
}

const withAttribute = (elements: readonly Element[], key: string) => elements.flatMap(({ attributes }) => attributes.get(key) ?? []);

function tell(): ToldLedger {
  const told = new ToldLedger("2026-03-02T00:00:00.000Z");
  told.detect("1.1.0").begin("u1").commit("u1").after(86_400_000);
  told.detect("1.2.0").begin("u2", CODE, { versionTo: "1.2.0" }).goBack("u2").after(86_400_000);
  return told.begin("u3", CODE, { versionTo: "1.3.0" }).refuse("u3", "validate");
}

const CHECKPOINT = {
  size: 99,
  root: "cm9vdA==",
  key: "instar.local/demo+00000000+AQ==",
  note: "instar.local/demo\n99\ncm9vdA==\n\n\u2014 instar.local/demo AAAA\n",
};
const signedBy = (leafHashOf: (index: number) => string | undefined): SignedHead => ({
  checkpoint: CHECKPOINT,
  readLeafHashes: async (indices) => new Map(indices.flatMap((index) => ((leaf) => (leaf === undefined ? [] : [[index, leaf] as const]))(leafHashOf(index)))),
});

interface PageQuestion {
  readonly beside?: Beside;
  readonly leafHashOf?: (index: number) => string | undefined;
}
const pageOf = async (told: ToldLedger, { beside, leafHashOf }: PageQuestion = {}) =>
  renderReportHtml(
    await buildReport("all", told.entries, { ...REQUEST, ...(leafHashOf === undefined ? {} : { signed: signedBy(leafHashOf) }) }),
    beside === undefined ? {} : { beside },
  );
/** Of every entry that there is. */
const allOf = (told: ToldLedger): Beside => ({ tables: ["updates", "figures"], proved: new Set(told.entries.map(({ index }) => index)) });

describe("the page of a report", () => {
  it("needs nothing else: no script, nothing loaded, nothing sent, no other host", async () => {
    const page = await pageOf(tell());
    const { elements } = parsePage(page);
    const allowed = new Set(
      "html head meta title style body a header h1 h2 h3 p bdi time nav ul li main section div table caption thead tbody tr th td details summary span code pre figure svg desc g rect line circle text".split(
        " ",
      ),
    );
    expect(elements.filter(({ name }) => !allowed.has(name))).toEqual([]);
    for (const key of ["src", "srcset", "action", "xlink:href", "onload", "onclick", "style"]) expect(withAttribute(elements, key)).toEqual([]);
    expect(withAttribute(elements, "href").every((href) => href.startsWith("#"))).toBe(true);
    expect(page).not.toMatch(/https?:|url\(|@import/);
  });

  it("forbids the browser everything but its own style, by the style's digest", async () => {
    const page = await pageOf(tell());
    const style = /<style>(.*)<\/style>/s.exec(page)?.[1] ?? "";
    const digest = createHash("sha256").update(style).digest("base64");
    expect(page).toContain(`content="default-src 'none'; style-src 'sha256-${digest}'; base-uri 'none'; form-action 'none'"`);
  });

  it("has ids that are there once, and no link to what is not there", async () => {
    for (const told of [tell(), tellHostile(), new ToldLedger()]) {
      const { elements } = parsePage(await pageOf(told));
      const ids = withAttribute(elements, "id");
      expect(new Set(ids).size).toBe(ids.length);
      const targets = [
        ...withAttribute(elements, "href"),
        ...withAttribute(elements, "aria-labelledby").flatMap((list) => list.split(" ").map((id) => `#${id}`)),
      ];
      expect(targets.filter((target) => !ids.includes(target.slice(1)))).toEqual([]);
    }
  });

  it("links each figure to its entries at the end, and each entry to its proof where one lies beside it", async () => {
    const told = tell();
    const without = parsePage(await pageOf(told)).elements;
    expect(withAttribute(without, "href")).toContain("#entry-1");
    expect(withAttribute(without, "href").filter((href) => href.startsWith("proofs/"))).toEqual([]);
    const { elements } = parsePage(await pageOf(told, { beside: allOf(told) }));
    const rows = withAttribute(elements, "id").flatMap((id) => (id.startsWith("entry-") ? [id.slice(6)] : []));
    expect(rows.length).toBe(told.entries.length);
    const proofs = rows.flatMap((index) => [`proofs/${index}.tlog-proof`, `proofs/${index}.json`]);
    expect(withAttribute(elements, "href").filter((href) => href.startsWith("proofs/"))).toEqual(proofs);
    const some = parsePage(await pageOf(told, { beside: { tables: [], proved: new Set([1]) } })).elements;
    expect(withAttribute(some, "href").filter((href) => href.startsWith("proofs/"))).toEqual(["proofs/1.tlog-proof", "proofs/1.json"]);
  });

  it("links the tables that lie beside it, and none where none do", async () => {
    const links = async (question: PageQuestion) =>
      withAttribute(parsePage(await pageOf(tell(), question)).elements, "href").filter((href) => !/^(#|proofs)/.test(href));
    expect(await links({ beside: allOf(tell()) })).toEqual(["report.json", "tables/updates.csv", "tables/figures.csv"]);
    expect(await links({})).toEqual([]);
  });

  it("says the checkpoint and its key where there is one", async () => {
    const page = await pageOf(tell(), { leafHashOf: () => undefined });
    expect(page).toContain(`<pre>${CHECKPOINT.note}</pre>`);
    expect(page).toContain(`<code>${CHECKPOINT.key}</code>`);
    expect(await pageOf(tell())).not.toContain("<pre>");
  });

  it("links as many entries from a figure that counts them as it counts", async () => {
    const told = new ToldLedger("2026-03-02T00:00:00.000Z");
    for (let update = 0; update < 150; update += 1) told.begin(`u${update}`).write(`u${update}`, { kind: "ended", outcome: "cancelled", because: "" });
    const report = await buildReport("all", told.entries, REQUEST);
    for (const listed of [report.entries.listed, report.entries.listed.slice(-20)]) {
      const page = renderReportHtml({ ...report, entries: { ...report.entries, listed } });
      for (const { label, countsEntries, value } of report.sections.flatMap(({ figures }) => figures)) {
        if (!countsEntries) continue;
        const row = page.split(`<th scope="row">${label}</th>`)[1]?.split("</tr>")[0] ?? "";
        const linked = new Set([...row.matchAll(/href="#entry-(\d+)"/g)].map(([, index]) => index)).size;
        if (listed === report.entries.listed) expect([label, linked]).toEqual([label, value]);
        expect([label, linked + Number(/ and (\d+) older ones/.exec(row)?.[1] ?? 0)]).toEqual([label, value]);
      }
    }
  });

  it("names the leaf hash of an entry where it was told, and has no column for it where none was", async () => {
    expect(await pageOf(tell(), { leafHashOf: (index) => `leaf-of-${index}` })).toContain("<code>leaf-of-7</code>");
    expect(await pageOf(tell())).not.toContain("Leaf hash");
  });

  it("can be read without the pictures: headings in order, a title in each picture, a head in each table", async () => {
    const { elements } = parsePage(await pageOf(tell()));
    const levels = elements.flatMap(({ name }) => (/^h\d$/.test(name) ? [Number(name.slice(1))] : []));
    expect(levels[0]).toBe(1);
    expect(levels.every((level, index) => level <= (levels[index - 1] ?? 0) + 1)).toBe(true);
    const count = (wanted: string) => elements.filter(({ name }) => name === wanted).length;
    const pictures = elements.filter(({ name }) => name === "svg");
    expect(pictures.length).toBeGreaterThan(5);
    expect(pictures.every(({ attributes }) => attributes.get("role") === "img" && attributes.has("aria-labelledby"))).toBe(true);
    expect(count("table")).toBe(count("caption"));
    expect(count("table")).toBe(count("thead"));
    expect(elements.filter(({ name, attributes }) => name === "th" && !attributes.has("scope"))).toEqual([]);
    expect(elements.find(({ name }) => name === "html")?.attributes.get("lang")).toBe("en");
  });

  it("of an empty period says so everywhere", async () => {
    const { texts } = parsePage(await pageOf(new ToldLedger()));
    expect(texts.filter((text) => text.startsWith("Nothing was measured in this period"))).toHaveLength(1);
    expect(texts.join(" ")).toMatch(/There are none\./);
  });

  it("says what it leaves out: older rows, and entries that are not listed", async () => {
    const told = new ToldLedger("2026-03-02T00:00:00.000Z");
    for (let update = 0; update < 2_001; update += 1) told.begin(`u${update}`).write(`u${update}`, { kind: "ended", outcome: "cancelled", because: "" });
    const report = await buildReport("updates", told.entries, REQUEST);
    const page = renderReportHtml({ ...report, entries: { ...report.entries, listed: report.entries.listed.slice(-10) } });
    expect(page).toContain("The newest 2000 of 2001");
    expect(page).toContain("The newest 10 of 4002 are listed.");
    expect(page).toContain("and 1901 before them");
    const { elements } = parsePage(page);
    const linked = new Set(withAttribute(elements, "href").filter((href) => href.startsWith("#entry-")));
    expect([...linked].sort()).toEqual(
      report.entries.listed
        .slice(-10)
        .map(({ index }) => `#entry-${index}`)
        .sort(),
    );
  });
});

describe("hostile texts", () => {
  it("are text wherever they stand: no element and no attribute comes of them", async () => {
    const page = await pageOf(tellHostile(), { beside: allOf(tellHostile()), leafHashOf: (index) => HOSTILE[index % HOSTILE.length] ?? "" });
    const { elements } = parsePage(page);
    expect(elements.filter(({ name }) => ["script", "img", "b"].includes(name))).toEqual([]);
    expect(elements.flatMap(({ attributes }) => [...attributes.keys()]).filter((key) => key.startsWith("on"))).toEqual([]);
    expect(
      withAttribute(elements, "href").every((href) => /^(#[a-z0-9.-]+|proofs\/\d+\.(tlog-proof|json)|report\.json|tables\/[a-zA-Z]+\.csv)$/.test(href)),
    ).toBe(true);
    expect(page).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
    const ours = new Set("skip faint wide number text hash good bad warn calm other dark plain grid span end middle".split(" "));
    expect(withAttribute(elements, "class").filter((name) => !ours.has(name))).toEqual([]);
  });
  it("are text in every place of a report, whoever made it", () => {
    for (const text of HOSTILE) {
      const cells = {
        id: "t",
        title: text,
        because: text,
        columns: [{ id: text, label: text, unit: "time" as const }],
        rows: [{ cells: [text], entries: [1] }],
      };
      const bars = { kind: "bars" as const, id: "b", title: text, per: text, series: [text], bars: [{ label: text, values: [1], entries: [1] }] };
      const shares = { kind: "shares" as const, id: "s", title: text, parts: [{ label: text, value: 1, entries: [1] }] };
      const rows = [{ label: text, n: 1, medianMs: 1, p90Ms: 2, longestMs: 3, entries: [1] }];
      const report: Report = {
        ...{ kind: "all", instance: text, madeAt: text, from: text, to: text, read: { entries: 0, first: null, last: null, unreadable: 0 } },
        sections: [
          {
            ...{ section: "updates", title: text, because: text, charts: [bars, shares, { kind: "durations", id: "d", title: text, rows }], tables: [cells] },
            figures: [{ id: text, label: text, value: 1, unit: "count", n: 1, interval: null, because: text, countsEntries: true, entries: [1] }],
          },
        ],
        entries: { total: 1, listed: [{ index: 1, at: text, event: text, by: text, update: text, description: text, leafHash: text }] },
        checkpoint: { size: 2, root: text, key: text, note: text },
      };
      const { elements } = parsePage(renderReportHtml(report, { beside: { tables: [text], proved: new Set([1]) } }));
      expect(elements.filter(({ name }) => ["script", "img", "b"].includes(name))).toEqual([]);
    }
  });
  it("turn no letters around them, and bring no control characters and no half letters", async () => {
    const page = await pageOf(tellHostile());
    expect(page).not.toMatch(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]|(?![\n])\p{Cc}/u);
    expect(page.isWellFormed()).toBe(true);
  });
  it("of ten thousand letters are cut", async () => expect(await pageOf(tellHostile())).not.toMatch(/x{400}/));
});

describe("the colours", () => {
  const luminance = (hex: string) => {
    const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255);
    const linear = (part: number) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
  };
  const contrast = (a: string, b: string) => {
    const [low = 0, high = 0] = [luminance(a), luminance(b)].toSorted((x, y) => x - y);
    return (high + 0.05) / (low + 0.05);
  };
  it("can be told from the ground in light, in dark and on paper (WCAG 2.2 AA: 4.5 for text, 3 for what a picture shows)", async () => {
    const style = /<style>(.*)<\/style>/s.exec(await pageOf(new ToldLedger()))?.[1] ?? "";
    const schemes = [...style.matchAll(/:root \{([^}]*)\}/g)].map(
      ([, body = ""]) => new Map([...body.matchAll(/--([a-z]+): (#[0-9a-f]{6})/g)].map(([, key = "", hex = ""]) => [key, hex])),
    );
    expect(schemes).toHaveLength(3);
    for (const scheme of schemes) {
      const on = (ground: string, ink: string) => contrast(scheme.get(ground) ?? "#777777", scheme.get(ink) ?? "#777777");
      for (const ink of ["ink", "faint", "link"])
        for (const ground of ["ground", "band"]) expect([ink, ground, on(ground, ink) >= 4.5]).toEqual([ink, ground, true]);
      for (const shown of ["good", "bad", "warn", "calm", "other", "dark", "plain"]) expect([shown, on("ground", shown) >= 3]).toEqual([shown, true]);
    }
  });
});
