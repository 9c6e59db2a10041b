import { describe, expect, it } from "vitest";
import { isSameDoor, parseDoor } from "./read-door.ts";

const parse = (door: unknown) => parseDoor(typeof door === "string" ? door : JSON.stringify(door), "/door");

describe("the door file", () => {
  it("names a port of this machine and a token", () => {
    expect(parse({ url: "http://127.0.0.1:4100", token: "t" })).toEqual({ kind: "door", door: { host: "127.0.0.1", port: 4100, token: "t" } });
    expect(parse({ url: "http://[::1]:4100", token: "t", more: 1 })).toMatchObject({ door: { host: "::1" } });
  });

  it.each([
    ["nothing", ""],
    ["no JSON", "{"],
    ["null", "null"],
    ["a number", "3"],
    ["no url", { token: "t" }],
    ["a url that is none", { url: "door", token: "t" }],
    ["another machine", { url: "http://10.0.0.1:4100", token: "t" }],
    ["a name that only looks like this machine", { url: "http://127.0.0.1.example.org:4100", token: "t" }],
    ["this machine as a user name", { url: "http://127.0.0.1:80@example.org:4100", token: "t" }],
    ["another protocol", { url: "https://127.0.0.1:4100", token: "t" }],
    ["no port", { url: "http://127.0.0.1", token: "t" }],
    ["no token", { url: "http://127.0.0.1:4100" }],
    ["a token with a line break", { url: "http://127.0.0.1:4100", token: "t\r\nx: y" }],
  ])("is none: %s", (_, door) => expect(parse(door)).toMatchObject({ kind: "none" }));

  it("is another once one part of it is", () => {
    const one = parse({ url: "http://127.0.0.1:4100", token: "t" });
    expect(isSameDoor(one, parse({ token: "t", url: "http://127.0.0.1:4100/" }))).toBe(true);
    expect(isSameDoor(one, parse({ url: "http://127.0.0.1:4100", token: "u" }))).toBe(false);
    expect(isSameDoor(one, parse({ url: "http://127.0.0.1:4101", token: "t" }))).toBe(false);
  });
});
