import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Attempt, node, python, saidDone, sh, toldSecret } from "./attempt.ts";
import type { EscapeWorld } from "./escape-world.ts";

const NEW_ROOT = "a new root: the path is not there";
const READ_ONLY = "mounted read-only";
const wasWritten = (name: string) => (world: EscapeWorld) => existsSync(join(world.outside, name));

export const ATTEMPTS_ON_FILES: readonly Attempt[] = [
  { name: "read a secret by its path", stoppedBy: NEW_ROOT, program: (world) => sh(`cat ${world.outside}/secret`), hasEscaped: toldSecret },
  {
    name: "read it from above its own folder",
    stoppedBy: NEW_ROOT,
    program: () => sh("cat ../outside/secret; cat ../../../../../..$PWD/../outside/secret"),
    hasEscaped: toldSecret,
  },
  {
    name: "read it through a link of its own",
    stoppedBy: NEW_ROOT,
    program: (world) => sh(`ln -s ${world.outside}/secret link; cat link`),
    hasEscaped: toldSecret,
  },
  { name: "read it through a hard link", stoppedBy: NEW_ROOT, program: (world) => sh(`ln ${world.outside}/secret hard; cat hard`), hasEscaped: toldSecret },
  {
    name: "read it through a link that the candidate brought",
    stoppedBy: NEW_ROOT,
    program: (world) => sh(`cat ${world.candidate}/link ${world.candidate}/folder/secret`),
    hasEscaped: toldSecret,
  },
  {
    name: "find it by its name anywhere",
    stoppedBy: NEW_ROOT,
    program: () => sh("find /tmp /var /home /root /mnt -maxdepth 4 -path '*instar-escape-*/outside/secret' -exec cat {} \\; 2>/dev/null"),
    hasEscaped: toldSecret,
  },
  {
    name: "read it through /proc/self/root",
    stoppedBy: NEW_ROOT,
    program: (world) => sh(`cat /proc/self/root${world.outside}/secret`),
    hasEscaped: toldSecret,
  },
  {
    name: "read it through the roots of all processes",
    stoppedBy: "a PID namespace: only its own processes are there",
    program: (world) => sh(`for p in /proc/[0-9]*; do cat $p/root${world.outside}/secret $p/cwd/../outside/secret; done 2>/dev/null`),
    hasEscaped: toldSecret,
  },
  {
    name: "read it through a descriptor that was left open",
    stoppedBy: "descriptors are closed",
    program: () => sh("for n in 3 4 5 6 7 8 9 10 11 12 20 30; do cat <&$n; done 2>/dev/null"),
    hasEscaped: toldSecret,
  },
  { name: "read it from shared memory", stoppedBy: "a /dev/shm of its own", program: (world) => sh(`cat ${world.sharedMemory}`), hasEscaped: toldSecret },
  {
    name: "open a database outside by SQLite",
    stoppedBy: NEW_ROOT,
    program: (world) =>
      node(
        "const { DatabaseSync } = require('node:sqlite'); console.log(new DatabaseSync(process.argv[1]).prepare('SELECT secret FROM held').get().secret)",
        join(world.outside, "database"),
      ),
    hasEscaped: toldSecret,
  },
  {
    name: "attach a database outside by SQLite",
    stoppedBy: NEW_ROOT,
    program: (world) =>
      node(
        "const { DatabaseSync } = require('node:sqlite'); const own = new DatabaseSync(':memory:'); own.prepare('ATTACH ? AS there').run(process.argv[1]); console.log(own.prepare('SELECT secret FROM there.held').get().secret)",
        join(world.outside, "database"),
      ),
    hasEscaped: toldSecret,
  },
  {
    name: "write a database outside by VACUUM INTO",
    stoppedBy: NEW_ROOT,
    program: (world) =>
      node(
        "const { DatabaseSync } = require('node:sqlite'); new DatabaseSync(':memory:').prepare('VACUUM INTO ?').run(process.argv[1])",
        join(world.outside, "vacuumed"),
      ),
    hasEscaped: wasWritten("vacuumed"),
  },
  {
    name: "read the machine's users",
    stoppedBy: "a made-up /etc/passwd",
    program: () => sh("cat /etc/passwd"),
    hasEscaped: (_world, { tail }) => readFileSync("/etc/passwd", "utf8").trimEnd().endsWith(tail.trimEnd()),
  },
  {
    name: "read the machine's id",
    stoppedBy: NEW_ROOT,
    program: () => sh("cat /etc/machine-id /var/lib/dbus/machine-id; true"),
    hasEscaped: (_world, { tail }) => existsSync("/etc/machine-id") && tail.includes(readFileSync("/etc/machine-id", "utf8").trim()),
    dependsOnMachine: true,
  },
  { name: "write a file outside", stoppedBy: NEW_ROOT, program: (world) => sh(`echo x >${world.outside}/written`), hasEscaped: wasWritten("written") },
  {
    name: "write outside through a link that the candidate brought",
    stoppedBy: NEW_ROOT,
    program: (world) => sh(`echo x >${world.candidate}/dist/out/through-link`),
    hasEscaped: wasWritten("through-link"),
  },
  {
    name: "change a file outside",
    stoppedBy: NEW_ROOT,
    program: (world) => sh(`echo x >>${world.outside}/writable; chmod 777 ${world.outside}/writable; touch -d @0 ${world.outside}/writable`),
    hasEscaped: ({ outside }) => statSync(join(outside, "writable")).mtimeMs === 0,
  },
  {
    name: "move a file out of its place outside",
    stoppedBy: NEW_ROOT,
    program: (world) => sh(`mv ${world.outside}/writable ${world.outside}/moved && mv ${world.outside}/moved ${world.outside}/writable && echo DONE`),
    hasEscaped: saidDone,
  },
  {
    name: "change the candidate that it tests",
    stoppedBy: READ_ONLY,
    program: (world) => sh(`echo x >${world.candidate}/code; echo x >${world.candidate}/new; rm -f ${world.candidate}/new`),
    hasEscaped: ({ candidate }) => readFileSync(join(candidate, "code"), "utf8") !== "as it was",
  },
  {
    name: "write to the system's folders",
    stoppedBy: READ_ONLY,
    program: () => sh("touch /usr/local/bin/instar-escape && rm /usr/local/bin/instar-escape && echo DONE"),
    hasEscaped: saidDone,
    dependsOnMachine: true,
  },
  {
    name: "write to its own root and /dev",
    stoppedBy: READ_ONLY,
    program: () =>
      sh(
        "touch /instar-escape /dev/instar-escape; rm -f /instar-escape /dev/instar-escape && ls / >/dev/null; touch /instar-escape && echo DONE; rm -f /instar-escape",
      ),
    hasEscaped: saidDone,
    dependsOnMachine: true,
  },
  {
    name: "leave something in shared memory",
    stoppedBy: "a /dev/shm of its own, of limited size",
    program: (world) => sh(`echo x >${world.sharedMemory}-left`),
    hasEscaped: ({ sharedMemory }) => existsSync(`${sharedMemory}-left`),
  },
  {
    name: "leave a program that runs as its owner for everybody (setuid)",
    stoppedBy: "seccomp: no mode with the setuid bit",
    program: () => sh("cp /bin/true own; chmod 4755 own; install -m 4755 /bin/true installed; true"),
    hasEscaped: ({ scratch }) => ["own", "installed"].some((name) => existsSync(join(scratch, name)) && (statSync(join(scratch, name)).mode & 0o4000) !== 0),
  },
  {
    name: "create a setuid program in one call",
    stoppedBy: "seccomp: no mode with the setuid bit",
    program: () => python("os.umask(0)\nos.open('created', os.O_CREAT | os.O_WRONLY, 0o4755)"),
    hasEscaped: ({ scratch }) => existsSync(join(scratch, "created")) && (statSync(join(scratch, "created")).mode & 0o4000) !== 0,
    needsPython: true,
  },
  {
    name: "give a program a capability",
    stoppedBy: "no capabilities",
    program: () =>
      python(
        "import shutil\nshutil.copy('/bin/true', 'able')\nos.setxattr('able', 'security.capability', bytes.fromhex('0100000200200000000000000000000000000000'))\nprint('DONE')",
      ),
    hasEscaped: saidDone,
    needsPython: true,
    dependsOnMachine: true,
  },
  {
    name: "make a device file for the disk",
    stoppedBy: "no capabilities",
    program: () => sh("mknod disk b 8 0 && rm disk && echo DONE"),
    hasEscaped: saidDone,
    dependsOnMachine: true,
  },
  {
    name: "open the machine's memory or log",
    stoppedBy: "a /dev of its own",
    program: () => sh("head -c 1 /dev/kmsg >/dev/null && echo DONE; head -c 1 /dev/mem >/dev/null && echo DONE; true"),
    hasEscaped: saidDone,
    dependsOnMachine: true,
  },
];
