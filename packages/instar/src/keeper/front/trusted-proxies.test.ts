import { expect, test } from "vitest";
import { createProxyTrust } from "./trusted-proxies.ts";

test("addresses and ranges of both families are trusted, and nothing else", () => {
  const isTrusted = createProxyTrust(["192.0.2.7", "10.0.0.0/8", "2001:db8::/32", "::1"]);
  for (const address of ["192.0.2.7", "10.255.0.1", "2001:db8:1::5", "::1"]) expect(isTrusted(address), address).toBe(true);
  for (const address of ["192.0.2.8", "11.0.0.1", "2001:db9::1", "::2", "unknown", "", "10.0.0.1:80"]) expect(isTrusted(address), address).toBe(false);
});

test("nobody is trusted where nobody is named", () => {
  expect(createProxyTrust([])("127.0.0.1")).toBe(false);
});

test.each(["proxy.example", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/8/8", "10.0.0/8", "10.0.0.0/-1", ""])("%j is refused", (range) => {
  expect(() => createProxyTrust([range])).toThrow(expect.objectContaining({ code: "INPUT_INVALID", facts: { range } }));
});
