import { resolve } from "node:path";
import { OPERATIONS, type Operation } from "@instar/protocol";
import { describe, expect, it } from "vitest";
import { absolutePathInput } from "./absolute-path-input.ts";

const apply = OPERATIONS.find(({ name }) => name === "update.apply") as Operation;

describe("a path on the command line", () => {
  for (const [text, told] of [
    [".", resolve(".")],
    ["./agent", resolve("agent")],
    ["../agent", resolve("../agent")],
    ["agent-1.0.0.tgz", resolve("agent-1.0.0.tgz")],
    ["~/agent", resolve("/home/ada/agent")],
    ["~", resolve("/home/ada")],
    ["/srv/agent", "/srv/agent"],
    ["main", "main"],
    ["release/1.2", "release/1.2"],
    ["@scope/agent@1.2.3", "@scope/agent@1.2.3"],
    [".hidden", ".hidden"],
  ] as const)
    it(`${text} is told as ${told.startsWith("/") ? "a path from the root" : "it is"}`, () =>
      expect(absolutePathInput(apply, { target: text }, "/home/ada")).toEqual({ target: told }));
  it("is left alone where the operation takes none", () =>
    expect(absolutePathInput({ ...apply, pathInput: "elsewhere" }, { target: "./agent" }, undefined)).toEqual({ target: "./agent" }));
});
