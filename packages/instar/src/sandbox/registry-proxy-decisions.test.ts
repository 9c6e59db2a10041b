import { describe, expect, it } from "vitest";
import { choosePublicAddresses } from "./registry-proxy-addresses.ts";
import { isListed, parseAuthority, parseRegistryHost, renderHost } from "./registry-proxy-hosts.ts";

describe("a registry of the settings", () => {
  it("is a host on port 443, or a host and its port", () => {
    expect(["registry.npmjs.org", "Registry.Example.:8443", "127.0.0.1:4873", "[::1]:4873", "localhost:80"].map(parseRegistryHost)).toEqual([
      { host: "registry.npmjs.org", port: 443 },
      { host: "registry.example", port: 8443 },
      { host: "127.0.0.1", port: 4873 },
      { host: "::1", port: 4873 },
      { host: "localhost", port: 80 },
    ]);
    expect(renderHost({ host: "::1", port: 80 })).toBe("[::1]:80");
  });

  it.each([
    "https://registry.npmjs.org",
    "registry.npmjs.org/path",
    "*.npmjs.org",
    "host:0",
    "host:65536",
    "host:",
    "",
    "a b",
    "::1:443",
    "[1.2.3.4]:80",
    "user@host",
  ])("is not %j", (text) => {
    expect(() => parseRegistryHost(text)).toThrow(expect.objectContaining({ code: "INPUT_INVALID" }));
  });

  it.each([
    "registry.npmjs.org:80",
    "registry.npmjs.org.evil.example:443",
    "evil.example:443",
    "xregistry.npmjs.org:443",
    "npmjs.org:443",
    "127.0.0.1:443",
    "registry.npmjs.org",
  ])("is not taken for %s, which is like it", (asked) => {
    const found = parseAuthority(asked);
    expect(found !== undefined && isListed([parseRegistryHost("registry.npmjs.org")], found)).toBe(false);
  });
});

describe("the addresses of a listed name", () => {
  const asked = { host: "registry.example", port: 443 };
  const choose = (addresses: string[], more: string[] = [], own: string[] = []) =>
    choosePublicAddresses(asked, addresses, { hosts: [asked, ...more.map(parseRegistryHost)], own });

  it("are dialled where they are public", () => {
    expect(choose(["104.16.1.34", "2606:4700::6810:122"])).toEqual(["104.16.1.34", "2606:4700::6810:122"]);
  });

  it.each([
    ...[
      "127.0.0.1",
      "127.8.8.8",
      "0.0.0.0",
      "10.1.2.3",
      "172.16.0.1",
      "172.31.255.255",
      "192.168.1.1",
      "169.254.169.254",
      "100.64.0.1",
      "224.0.0.1",
      "255.255.255.255",
    ],
    ...["::1", "::", "fe80::1", "fd00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "::127.0.0.1", "no address"],
  ])("are passed over where one is %s", (address) => {
    expect(choose([address, "104.16.1.34"])).toEqual(["104.16.1.34"]);
  });

  it("are passed over where they are this machine's own", () => {
    expect(choose(["104.16.1.34"], [], ["104.16.1.34"])).toEqual([]);
  });

  it("may lead into the network where the operator listed the address itself, with that port", () => {
    expect(choose(["10.1.2.3"], ["10.1.2.3:443"])).toEqual(["10.1.2.3"]);
    expect(choose(["10.1.2.3"], ["10.1.2.3:4873"])).toEqual([]);
  });

  it("of localhost, which says what it is, are the loopback and nothing else", () => {
    const local = { host: "localhost", port: 4873 };
    expect(choosePublicAddresses(local, ["127.0.0.1", "::1", "10.0.0.1", "104.16.1.34"], { hosts: [local], own: [] })).toEqual(["127.0.0.1", "::1"]);
  });
});
