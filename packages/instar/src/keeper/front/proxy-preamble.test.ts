import { expect, test } from "vitest";
import { renderProxyV1, renderProxyV2 } from "./proxy-preamble.ts";

const ends = (from: string, to: string) => ({ source: { address: from, port: 56_324 }, destination: { address: to, port: 443 } });
const SIGNATURE = "0d0a0d0a000d0a515549540a";

test.each([
  ["IPv4", "192.168.0.1", "192.168.0.11", "PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n", "21 11 000c c0a80001 c0a8000b dc04 01bb"],
  [
    "IPv6",
    "2001:db8::1",
    "2001:db8:0:1:2:3:4:5",
    "PROXY TCP6 2001:db8::1 2001:db8:0:1:2:3:4:5 56324 443\r\n",
    "21 21 0024 20010db8000000000000000000000001 20010db8000000010002000300040005 dc04 01bb",
  ],
  [
    "one of each",
    "2001:db8::",
    "192.0.2.1",
    "PROXY TCP6 2001:db8:: ::ffff:192.0.2.1 56324 443\r\n",
    "21 21 0024 20010db8000000000000000000000000 00000000000000000000ffffc0000201 dc04 01bb",
  ],
  ["a zone", "fe80::1%eth0", "::1", "PROXY TCP6 fe80::1 ::1 56324 443\r\n", `21 21 0024 fe800000000000000000000000000001 ${"0".repeat(31)}1 dc04 01bb`],
  ["nobody known", "_hidden", "192.0.2.1", "PROXY UNKNOWN\r\n", "21 00 0000"],
])("%s", (_, from, to, line, block) => {
  expect(renderProxyV1(ends(from, to)).toString("latin1")).toBe(line);
  expect(renderProxyV2(ends(from, to)).toString("hex")).toBe(SIGNATURE + block.replaceAll(" ", ""));
});
