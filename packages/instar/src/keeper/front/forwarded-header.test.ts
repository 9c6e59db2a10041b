import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addressOf, nodeOf, parseForwarded, renderForwarded } from "./forwarded-header.ts";

describe("a Forwarded field", () => {
  test.each([
    ["for=192.0.2.43", [{ for: "192.0.2.43" }]],
    ['for="_gazonk"', [{ for: "_gazonk" }]],
    ['For="[2001:db8:cafe::17]:4711"', [{ for: "[2001:db8:cafe::17]:4711" }]],
    ["for=192.0.2.60;proto=http;by=203.0.113.43", [{ for: "192.0.2.60", proto: "http", by: "203.0.113.43" }]],
    ["for=192.0.2.43, for=198.51.100.17", [{ for: "192.0.2.43" }, { for: "198.51.100.17" }]],
    ['for=_a;host="say \\"hi\\", you;"  ,\tfor=unknown', [{ for: "_a", host: 'say "hi", you;' }, { for: "unknown" }]],
  ])("%s", (field, hops) => {
    expect(parseForwarded(field)).toEqual(hops);
  });

  test.each([
    ["an open quote that would swallow the next hop", 'for="evil, for=192.0.2.1'],
    ["IPv6 without quotes", "for=[2001:db8::1]"],
    ["a port without quotes", "for=192.0.2.1:80"],
    ["a name twice", "for=192.0.2.1;for=192.0.2.2"],
    ["a name without a value", "for"],
    ["nothing after a comma", "for=_a,"],
    ["nothing after a semicolon", "for=_a;"],
    ["nothing between commas", "for=_a,,for=_b"],
    ["something after a quoted string", 'for="_a"b'],
  ])("is not half believed: %s", (_, field) => {
    expect(parseForwarded(field)).toBeUndefined();
  });

  test("is read as it was written, whatever it says", () => {
    const value = fc.string({ minLength: 1, unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)) });
    const hop = fc.record({ for: value, host: value, proto: value }, { requiredKeys: ["for"] });
    fc.assert(
      fc.property(fc.array(hop), (hops) => {
        expect(parseForwarded(renderForwarded(hops))).toEqual(hops);
      }),
    );
  });

  test("quotes only what has to be quoted", () => {
    expect(renderForwarded([{ for: nodeOf("2001:db8::1"), host: "example.com:8080", proto: "http" }, { for: "192.0.2.1" }])).toBe(
      'for="[2001:db8::1]";host="example.com:8080";proto=http, for=192.0.2.1',
    );
  });
});

test.each([
  ["192.0.2.1", "192.0.2.1", "192.0.2.1"],
  ["192.0.2.1:4711", "192.0.2.1", "192.0.2.1"],
  ["2001:db8::1", "2001:db8::1", "[2001:db8::1]"],
  ["[2001:db8::1]", "2001:db8::1", "[2001:db8::1]"],
  ["[2001:db8::1]:4711", "2001:db8::1", "[2001:db8::1]"],
  ["::ffff:192.0.2.1", "192.0.2.1", "192.0.2.1"],
  ["_hidden", undefined, "_hidden"],
  ["unknown", undefined, "unknown"],
  ["example.com", undefined, "unknown"],
  ["192.0.2.1, 192.0.2.2", undefined, "unknown"],
  ["", undefined, "unknown"],
])("%j has the address %s and is written %s", (identifier, address, node) => {
  expect(addressOf(identifier)).toBe(address);
  expect(nodeOf(identifier)).toBe(node);
});
