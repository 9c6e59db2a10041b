import { expect, it } from "vitest";
import { listSettings } from "./list-settings.ts";

const find = (written: unknown, pointer: string) =>
  listSettings(written)
    .flatMap(({ settings }) => settings)
    .find((setting) => setting.pointer === pointer);

it("has what is written, and else the default", () => {
  expect(find({ watch: { requests: 7 } }, "/watch/requests")).toMatchObject({ value: 7, isWritten: true, default: 200, kind: "number" });
  expect(find({ watch: { requests: 7 } }, "/watch/errorShare")).toMatchObject({ value: 0.1, isWritten: false, kind: "number" });
  expect(find({}, "/watch/onBlind")).toMatchObject({ value: "hold", kind: "choice", choices: ["hold", "roll-back"] });
  expect(find({}, "/front/public")).toMatchObject({ value: false, kind: "flag" });
  expect(find({}, "/watch/times/high")).toMatchObject({ value: "24h", kind: "text" });
});

it("takes a map of any keys for one setting, and what is written where a map could be as it stands", () => {
  expect(find({ agent: { environment: { "A/B": "1" } } }, "/agent/environment")).toMatchObject({ value: { "A/B": "1" }, kind: "json" });
  expect(find({ watch: "nonsense" }, "/watch")).toMatchObject({ value: "nonsense", isWritten: true });
});

it("lists every section once, in the order of the file", () => {
  const sections = listSettings({}).map(({ section }) => section);
  expect(sections.slice(0, 3)).toEqual(["name", "source", "agent"]);
  expect(new Set(sections).size).toBe(sections.length);
  expect(listSettings({}).every(({ settings }) => settings.length > 0)).toBe(true);
});
