import { isIPv4 } from "node:net";

/** Why a task may not post there; null where it may. Asked when a task is added, and before each run: instar.yaml may have changed. */
export function judgeWebhookAddress(address: string, hosts: readonly string[]): string | null {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) return "a webhook needs an address that begins with https:// or http://";
  if (url.username !== "" || url.password !== "") return "an address with a user or a password in it would stand where others read it";
  if (url.protocol === "https:" || isLoopback(url.hostname) || hosts.includes(url.host) || hosts.includes(url.hostname)) return null;
  return `${url.host} is asked by plain http, which is only for this machine and for the hosts of tasks.hosts`;
}

/** As the address parser writes it: numbers of any form have become four. */
const isLoopback = (host: string): boolean => host === "localhost" || host === "[::1]" || (isIPv4(host) && host.startsWith("127."));
