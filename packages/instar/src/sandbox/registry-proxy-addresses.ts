import { BlockList, isIP } from "node:net";
import { isListed, type RegistryHost } from "./registry-proxy-hosts.ts";

/**
 * The addresses of an allowed name that may be dialled. Whoever answers for a name says where it leads, and it must not lead to this machine or into
 * its network: such an address counts only where the operator has listed it as well, with the same port. `localhost` is listed as itself.
 *
 * @param own the addresses of this machine's own interfaces: what listens on all of them answers there as it does on the loopback
 */
export function choosePublicAddresses(
  asked: RegistryHost,
  addresses: readonly string[],
  { hosts, own }: { readonly hosts: readonly RegistryHost[]; readonly own: readonly string[] },
): string[] {
  return addresses.filter((address) => {
    if (isListed(hosts, { host: address, port: asked.port })) return true;
    if (asked.host === "localhost") return loopback.check(address, familyOf(address));
    return isIP(address) !== 0 && !notPublic.check(address, familyOf(address)) && !own.includes(address);
  });
}

const familyOf = (address: string) => (isIP(address) === 6 ? "ipv6" : "ipv4");

const loopback = createBlockList(["127.0.0.0/8", "::1/128"]);

/**
 * Of IANA's special-purpose registries, what leads to this machine, its network or many machines at once. An IPv4 address that is written as IPv6 (NAT64,
 * 6to4, Teredo) is refused; a mapped one (::ffff:0:0/96) Node judges by the IPv4 ranges itself.
 */
const notPublic = createBlockList([
  ...["0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.88.99.0/24"],
  ...["192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4", "168.63.129.16/32"],
  ...["::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/32", "2002::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8"],
]);

function createBlockList(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = "", bits] = range.split("/");
    list.addSubnet(address, Number(bits), familyOf(address));
  }
  return list;
}
