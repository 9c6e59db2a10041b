import { describe, expect, test } from "vitest";
import { planOrigin, type Tell } from "./plan-origin.ts";

const CLIENT = "198.51.100.9";
const isTrusted = (address: string) => address.startsWith("10.");

/** Who asked, for a request with these lines. */
function plan(
  peer: string,
  lines: readonly (readonly [string, string])[],
  tells: readonly Tell[] = ["x-forwarded", "forwarded"],
  scheme: "http" | "https" = "http",
) {
  const headers: Record<string, string> = {};
  for (const [name, value] of lines)
    headers[name.toLowerCase()] = headers[name.toLowerCase()] === undefined ? value : `${headers[name.toLowerCase()]}, ${value}`;
  const planned = planOrigin({ headers, rawHeaders: lines.flat() }, peer, { tells, scheme, isTrusted });
  return { address: planned.address, lines: planned.lines.flatMap((name, at) => (at % 2 === 0 ? [`${name}: ${planned.lines[at + 1]}`] : [])) };
}

describe("from a client that nobody knows", () => {
  const FORGED = [
    ["Host", "x:80"],
    ["X-Forwarded-For", "6.6.6.6"],
    ["X-Forwarded-Proto", "https"],
    ["X-Forwarded-Host", "evil"],
    ["X-Real-IP", "6.6.6.6"],
    ["Forwarded", "for=6.6.6.6;proto=https"],
  ] as const;

  test("nothing is believed", () => {
    expect(plan(CLIENT, FORGED)).toEqual({
      address: CLIENT,
      lines: [`X-Forwarded-For: ${CLIENT}`, "X-Forwarded-Proto: http", "X-Forwarded-Host: x:80", `Forwarded: for=${CLIENT};host="x:80";proto=http`],
    });
  });

  test("a front that speaks TLS says so, whatever was claimed", () => {
    expect(plan(CLIENT, [["X-Forwarded-Proto", "http"]], ["x-forwarded", "forwarded"], "https").lines).toEqual([
      `X-Forwarded-For: ${CLIENT}`,
      "X-Forwarded-Proto: https",
      `Forwarded: for=${CLIENT};proto=https`,
    ]);
  });

  test.each([
    [["x-forwarded"], ["X-Forwarded-For: 2001:db8::1", "X-Forwarded-Proto: http"]],
    [["forwarded"], ['Forwarded: for="[2001:db8::1]";proto=http']],
    [["proxy-v1"], []],
    [[], []],
  ] as const)("told by %j", (tells, lines) => {
    expect(plan("2001:db8::1", [], tells)).toEqual({ address: "2001:db8::1", lines });
  });
});

describe("from a trusted proxy", () => {
  test("what it says is kept, and it is added to the chain", () => {
    const said = [
      ["Host", "inner"],
      ["X-Forwarded-For", `6.6.6.6, ${CLIENT}`],
      ["x-forwarded-for", "10.0.0.2"],
      ["X-Forwarded-Proto", "https"],
      ["X-Forwarded-Host", "shop.example"],
      ["X-Forwarded-Port", "443"],
      ["x-real-ip", CLIENT],
      ["X_Forwarded_Port", "1"],
    ] as const;
    expect(plan("10.0.0.1", said, ["x-forwarded"])).toEqual({
      address: CLIENT,
      lines: [
        `X-Forwarded-For: 6.6.6.6, ${CLIENT}, 10.0.0.2, 10.0.0.1`,
        "X-Forwarded-Proto: https",
        "X-Forwarded-Host: shop.example",
        "X-Forwarded-Port: 443",
        `x-real-ip: ${CLIENT}`,
      ],
    });
  });

  test("a Forwarded likewise, obfuscated identifiers and all", () => {
    const said = [
      ["Host", "inner:81"],
      ["Forwarded", 'for="_hidden";by=_lb, for="[2001:db8::1]:99"'],
    ] as const;
    expect(plan("10.0.0.1", said, ["forwarded"])).toEqual({
      address: "2001:db8::1",
      lines: ['Forwarded: for="_hidden";by=_lb, for="[2001:db8::1]:99", for=10.0.0.1;host="inner:81";proto=http'],
    });
  });

  test("one that is malformed is dropped, for it could swallow what is added to it", () => {
    expect(plan("10.0.0.1", [["Forwarded", 'for="6.6.6.6']], ["forwarded"])).toEqual({ address: "10.0.0.1", lines: ["Forwarded: for=10.0.0.1;proto=http"] });
  });

  test("one manner of speaking is translated into the other", () => {
    const x = [
      ["X-Forwarded-For", `${CLIENT}:555, 2001:db8::1, nonsense`],
      ["X-Forwarded-Proto", "https"],
    ] as const;
    expect(plan("10.0.0.1", x, ["forwarded"]).lines).toEqual([
      `Forwarded: for=${CLIENT};proto=https, for="[2001:db8::1]", for=unknown, for=10.0.0.1;proto=http`,
    ]);
    const forwarded = [["Forwarded", `for=${CLIENT};proto=https;host=shop.example, for="[2001:db8::1]", for=_lb`]] as const;
    expect(plan("10.0.0.1", forwarded, ["x-forwarded"]).lines).toEqual([
      `X-Forwarded-For: ${CLIENT}, 2001:db8::1, _lb, 10.0.0.1`,
      "X-Forwarded-Proto: https",
      "X-Forwarded-Host: shop.example",
    ]);
  });

  test("which says nothing, it is the client", () => {
    expect(plan("10.0.0.1", [["X-Forwarded-For", " "]], ["x-forwarded"])).toEqual({
      address: "10.0.0.1",
      lines: ["X-Forwarded-For: 10.0.0.1", "X-Forwarded-Proto: http"],
    });
  });
});

test.each([
  ["the nearest that is not trusted", "6.6.6.6, 198.51.100.9, 10.0.0.2", CLIENT],
  ["not one further out, which that one may have invented", "10.0.0.3, 198.51.100.9", CLIENT],
  ["the farthest, where all are trusted", "10.0.0.4, 10.0.0.3", "10.0.0.4"],
  ["what stands for one whose address is hidden", "198.51.100.9, _hidden, 10.0.0.2", "_hidden"],
  ["unknown, where a proxy did not know", "198.51.100.9, unknown", "unknown"],
])("the client is %s", (_, chain, address) => {
  expect(plan("10.0.0.1", [["X-Forwarded-For", chain]]).address).toBe(address);
});
