import { BlockList, isIP, isIPv6 } from "node:net";
import { InstarError } from "@instar/protocol";

/**
 * Whether an address is among those of the proxies before the front, given as addresses and CIDR ranges.
 *
 * @throws InstarError INPUT_INVALID for what is neither
 */
export function createProxyTrust(ranges: readonly string[]): (address: string) => boolean {
  const trusted = new BlockList();
  for (const range of ranges) addRange(trusted, range);
  if (ranges.length === 0) return () => false;
  return (address) => isIP(address) !== 0 && trusted.check(address, familyOf(address));
}

function addRange(trusted: BlockList, range: string): void {
  const [address = "", bits, ...more] = range.split("/");
  const longest = isIPv6(address) ? 128 : 32;
  if (isIP(address) === 0 || more.length > 0 || (bits !== undefined && !(/^\d{1,3}$/.test(bits) && Number(bits) <= longest)))
    throw new InstarError("INPUT_INVALID", `${range} is neither an address nor a range of addresses`, { facts: { range } });
  if (bits === undefined) trusted.addAddress(address, familyOf(address));
  else trusted.addSubnet(address, Number(bits), familyOf(address));
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIPv6(address) ? "ipv6" : "ipv4";
}
