import type { Report } from "@instar/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { buildReport } from "./build-report.ts";
import { HOSTILE, tellHostile } from "./hostile-ledger.testing.ts";
import { listCsvTables, renderReportCsv } from "./render-report-csv.ts";
import { ToldLedger } from "./tell-ledger.testing.ts";

const REQUEST = { instance: "demo", madeAt: "2026-03-30T00:00:00.000Z" };

/** RFC 4180 read letter by letter, by nothing that the renderer uses. @throws where a quote stands where none may */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = "";
  let at = 0;
  while (at < text.length) {
    if (text[at] === '"') {
      if (cell !== "") throw new Error(`a quote inside a cell at ${at}`);
      for (at += 1; ; at += 1) {
        if (at >= text.length) throw new Error("a quote that is not closed");
        if (text[at] !== '"') cell += text[at];
        else if (text[at + 1] === '"') {
          cell += '"';
          at += 1;
        } else break;
      }
      at += 1;
      if (text[at] !== "," && text[at] !== "\r") throw new Error(`something behind a quote at ${at}`);
    } else if (text[at] === ",") {
      row.push(cell);
      cell = "";
      at += 1;
    } else if (text[at] === "\r" && text[at + 1] === "\n") {
      rows.push([...row, cell]);
      row = [];
      cell = "";
      at += 2;
    } else {
      if (text[at] === "\r" || text[at] === "\n") throw new Error(`half a line end at ${at}`);
      cell += text[at];
      at += 1;
    }
  }
  if (cell !== "" || row.length > 0) throw new Error("the last line does not end");
  return rows;
}

/** A report with one table of the given cells. */
const reportOf = (cells: readonly (readonly (string | number | null)[])[]): Report => ({
  ...{ kind: "updates", instance: "demo", madeAt: "", from: "", to: "", read: { entries: 0, first: null, last: null, unreadable: 0 } },
  entries: { total: 0, listed: [] },
  checkpoint: null,
  sections: [
    {
      ...{ section: "updates", title: "", because: "", figures: [], charts: [] },
      tables: [
        {
          ...{ id: "cells", title: "", because: "" },
          columns: (cells[0] ?? []).map((_, index) => ({ id: `c${index}`, label: "", unit: "text" as const })),
          rows: cells.map((row) => ({ cells: [...row], entries: [3, 5] })),
        },
      ],
    },
  ],
});

const cellsAsCsv = (cells: Parameters<typeof reportOf>[0]) => renderReportCsv(reportOf(cells), "cells");

describe("a report as CSV", () => {
  it("has a header, a row a thing, and the entries that it rests on at the end", async () => {
    const told = new ToldLedger("2026-03-02").begin("u1").refuse("u1", "fetch", "no, thanks");
    const [header, ...rows] = parseCsv(renderReportCsv(await buildReport("failures", told.entries, REQUEST), "failures"));
    expect(header?.slice(0, 4)).toEqual(["update", "sort", "versionFrom", "versionTo"]);
    expect(rows).toHaveLength(1);
    expect([rows[0]?.[0], rows[0]?.[header?.indexOf("because") ?? -1], rows[0]?.at(-1)]).toEqual(["u1", "no, thanks", "0 1 2 3 4"]);
  });
  it("ends each line with CRLF, also the last", () => expect(cellsAsCsv([["a"]])).toBe("c0,entries\r\na,3 5\r\n"));
  it("quotes what parts cells, for whoever parts them at commas, semicolons or tabs", () =>
    expect(cellsAsCsv([["a,b", "a;b", "a\tb", 'a"b', "a b"]]).split("\r\n")[1]).toBe('"a,b","a;b","a\tb","a""b",a b,3 5'));
  it("leaves a cell empty where there is no value, and writes numbers as they are", () =>
    expect(parseCsv(cellsAsCsv([[null, 0, 0.25, 12_345_678]]))[1]).toEqual(["", "0", "0.25", "12345678", "3 5"]));
  it("can be had of every table, of the figures and of the entries, each of them rectangular", async () => {
    const report = await buildReport("all", tellHostile().entries, REQUEST);
    expect(listCsvTables(report)).toEqual([
      ...["updates", "sorts", "failures", "failureCauses", "rollbacks", "rollbackCauses", "security", "performance", "worse", "figures", "entries"],
    ]);
    for (const table of listCsvTables(report)) {
      const rows = parseCsv(renderReportCsv(report, table));
      expect([table, rows.every((row) => row.length === rows[0]?.length), rows.length > 1]).toEqual([table, true, true]);
    }
  });
  it("of nothing is a header", async () => expect(parseCsv(renderReportCsv(await buildReport("updates", [], REQUEST), "updates"))).toHaveLength(1));
  it("is read as the cells that it was written from", () => {
    const cell = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom(...HOSTILE),
      fc.string({ unit: fc.constantFrom('"', ",", ";", "\t", "\r", "\n", "=", " ", "x") }),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell), { minLength: 1 }), (cells) => {
        const read = parseCsv(cellsAsCsv(cells)).slice(1);
        const bare = (text: string) => text.replaceAll("'", "");
        expect(read.map((row) => row.slice(0, 2).map(bare))).toEqual(cells.map((row) => row.map((text) => bare(text.toWellFormed()))));
      }),
    );
  });
});

describe("a cell that a spreadsheet would compute", () => {
  for (const begin of ["=", "+", "-", "@", "\t", "\r", "\n", "  =", "\u00a0+", "\uff1d", "\uff0b", "\uff0d", "\uff20"])
    it(`gets an apostrophe in front where it begins with ${JSON.stringify(begin)}`, () =>
      expect(parseCsv(cellsAsCsv([[`${begin}1+1`]]))[1]?.[0]).toBe(`'${begin}1+1`));
  it("is none where such a letter stands later, or it is a number", () =>
    expect(parseCsv(cellsAsCsv([["1=1", "a-b", "x@y", "a; b", -1]]))[1]).toEqual(["1=1", "a-b", "x@y", "a; b", "-1", "3 5"]));
  for (const part of [";", "; ", "\t", "\r", "\n", ';"'])
    it(`gets one behind ${JSON.stringify(part)} too, which parts cells for other spreadsheets`, () => {
      for (const letter of "=+-@\uff1d") {
        const line = cellsAsCsv([[`a${part}${letter}1+1`, "b"]]).split("c0,c1,entries\r\n")[1] ?? "";
        for (const cell of line.split(/[;\t\r\n]/)) expect(cell).not.toMatch(/^["\s]*[=+\-@\uff0b\uff0d\uff1d\uff20]/);
      }
    });
  it("comes out of no hostile ledger", async () => {
    const report = await buildReport("all", tellHostile().entries, REQUEST);
    for (const table of listCsvTables(report))
      for (const cell of parseCsv(renderReportCsv(report, table)).flat()) expect(cell).not.toMatch(/^\s*[=+\-@\uff0b\uff0d\uff1d\uff20]/);
  });
});

describe("bad input", () => {
  for (const table of ["nothing", "", "toString"])
    it(`a table that is called '${table}' is refused`, () =>
      expect(() => renderReportCsv(reportOf([["a"]]), table)).toThrow(expect.objectContaining({ code: "INPUT_INVALID" })));
});
