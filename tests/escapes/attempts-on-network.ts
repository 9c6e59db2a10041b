import { type Attempt, node, python, saidDone } from "./attempt.ts";
import type { EscapeWorld } from "./escape-world.ts";

const OWN_NETWORK = "a network namespace with nothing but a loopback";
const CONNECT =
  "const net = require('node:net'); const [host, port] = process.argv.slice(1); net.connect(port === undefined ? { path: host.replace('@', '\\0') } : { host, port: Number(port) }).on('connect', function () { this.destroy(); }).on('error', () => {})";

/** A connection is accepted by the kernel before the listener hears of it: waits until it has, or another one has passed it. */
const wasReached = (hitsBefore: WeakMap<EscapeWorld, number>) => async (world: EscapeWorld) => {
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  return world.countHits() > (hitsBefore.get(world) ?? 0);
};

/** Counts from when its program was made, which is just before it runs. */
function reaching(name: string, stoppedBy: string, program: (world: EscapeWorld) => readonly string[], more: Partial<Attempt> = {}): Attempt {
  const before = new WeakMap<EscapeWorld, number>();
  const counted = (world: EscapeWorld) => {
    before.set(world, world.countHits());
    return program(world);
  };
  return { name, stoppedBy, program: counted, hasEscaped: wasReached(before), ...more };
}

export const ATTEMPTS_ON_NETWORK: readonly Attempt[] = [
  reaching("connect to a server on this machine's loopback", OWN_NETWORK, (world) => node(CONNECT, "127.0.0.1", world.tcpPort)),
  reaching("the same by IPv6", OWN_NETWORK, (world) => node(CONNECT, "::1", world.tcp6Port ?? world.tcpPort), { dependsOnMachine: true }),
  reaching("connect to a server on this machine's own address", OWN_NETWORK, (world) => node(CONNECT, world.ownAddress ?? "127.0.0.1", world.tcpPort)),
  reaching("ask a server on this machine over HTTP", OWN_NETWORK, (world) =>
    node("fetch('http://127.0.0.1:' + process.argv[1]).catch(() => {})", world.tcpPort),
  ),
  reaching("send a datagram to this machine's loopback", OWN_NETWORK, (world) =>
    node(
      "const socket = require('node:dgram').createSocket('udp4'); socket.send('x', Number(process.argv[1]), '127.0.0.1', () => socket.close())",
      world.udpPort,
    ),
  ),
  reaching("connect to a UNIX socket outside", "a new root: the path is not there", (world) => node(CONNECT, world.unixPath)),
  reaching("connect to a UNIX socket in a folder that it was given", "nothing: what is given is given", (world) => node(CONNECT, world.givenUnixPath)),
  reaching("connect to an abstract UNIX socket", OWN_NETWORK, (world) => node(CONNECT, `@${world.abstractName}`)),
  {
    name: "see this machine's network interfaces",
    stoppedBy: OWN_NETWORK,
    program: () => node("if (Object.values(require('node:os').networkInterfaces()).flat().some((address) => !address.internal)) console.log('DONE')"),
    hasEscaped: saidDone,
    dependsOnMachine: true,
  },
  {
    name: "listen to the wire (AF_PACKET)",
    stoppedBy: "seccomp: four families of sockets",
    program: () => python("try:\n    socket.socket(17, socket.SOCK_RAW, 3)\n    print('DONE')\nexcept OSError as error: print(error)"),
    hasEscaped: saidDone,
    needsPython: true,
    dependsOnMachine: true,
  },
  {
    name: "speak to the hypervisor (AF_VSOCK)",
    stoppedBy: "seccomp: four families of sockets",
    program: () => python("try:\n    socket.socket(40, socket.SOCK_STREAM, 0)\n    print('DONE')\nexcept OSError as error: print(error)"),
    hasEscaped: saidDone,
    needsPython: true,
    dependsOnMachine: true,
  },
];
