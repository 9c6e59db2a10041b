// The agent of the crash test: writes that are durable before they are acknowledged, a state format, and a witness outside the state.
// Of an exclusive state the writes are numbered, and the witness notices a second agent by himself; a state elsewhere may be
// written by two at once, each line in one piece.
import { appendFileSync, closeSync, existsSync, fsyncSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";

const read = (name) => JSON.parse(readFileSync(new URL(name, import.meta.url), "utf8"));
const { version } = read("./package.json");
const { kind } = read("./behaviour.json");
const state = process.env.STATE_DIR;
const isShared = process.env.STATE_KIND === "external";
const witness = process.env.WITNESS_DIR;

bearWitness();
if (kind === "will-not-start") process.exit(7);
mkdirSync(state, { recursive: true });
if (!isShared) openFormat(join(state, "format"), kind === "breaks-state" ? 2 : 1);
const writes = openWrites(join(state, "writes.log"));
const shown = new Set();
let asked = 0;

const server = createServer((request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const [status, body] = answer(request.method, request.url, Buffer.concat(chunks).toString("utf8"));
    response.writeHead(status, { "content-type": "application/json", "x-agent-version": version }).end(JSON.stringify(body));
  });
});
server.listen(Number(process.env.PORT), "127.0.0.1");
process.on("SIGTERM", () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});

function answer(method, url, text) {
  if (url === "/health") return show("healthy", 200);
  if (url === "/smoke") return show("smoked", kind === "fails-smoke" ? 500 : 200);
  asked += 1;
  if ((kind === "misbehaves" || kind === "breaks-state") && asked % 2 === 0) return [500, { version }];
  if (method === "GET") return [200, { version, pid: process.pid }];
  writes.last += 1;
  writeSync(writes.file, isShared ? `${text}\n` : `${writes.last} ${text}\n`);
  fsyncSync(writes.file);
  return [201, { number: isShared ? null : writes.last, version }];
}

/** Notes, the first time, that this process showed how it is. */
function show(what, status) {
  if (status === 200 && !shown.has(what)) note({ kind: what, ...who() });
  shown.add(what);
  return [status, { version }];
}

/** What a crash left half written is cut off: it was never acknowledged. Not where another one may be writing. */
function openWrites(path) {
  if (isShared) return { file: openSync(path, "a"), last: 0 };
  const text = existsSync(path) ? readFileSync(path, "utf8") : "";
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  const file = openSync(path, "a");
  if (whole.length < text.length) ftruncateSync(file, Buffer.byteLength(whole));
  return { file, last: whole === "" ? 0 : Number.parseInt(whole.trimEnd().split("\n").at(-1), 10) };
}

/** An older agent does not open a newer one's state. */
function openFormat(path, known) {
  const found = existsSync(path) ? Number(readFileSync(path, "utf8")) : 0;
  if (found > known) {
    console.error(`the state has format ${found}, this agent knows ${known}`);
    process.exit(3);
  }
  if (found === known) return;
  const file = openSync(path, "w");
  writeSync(file, String(known));
  fsyncSync(file);
  closeSync(file);
}

function bearWitness() {
  const owner = join(witness, "owner.json");
  const other = !isShared && existsSync(owner) ? JSON.parse(readFileSync(owner, "utf8") || "{}") : {};
  const lives = other.pid !== undefined && other.pid !== process.pid && startOf(other.pid) === other.startedAt;
  note({
    kind: lives ? "second-agent" : "start",
    ...who(),
    cwd: process.cwd(),
    built: readFileSync(new URL("./built.txt", import.meta.url), "utf8"),
    ...(lives ? { other } : {}),
  });
  writeFileSync(owner, JSON.stringify({ pid: process.pid, startedAt: startOf(process.pid), version }));
}

function who() {
  return { pid: process.pid, version, release: process.env.INSTAR_RELEASE, atMs: Date.now() };
}

function note(line) {
  appendFileSync(join(witness, "agents.jsonl"), `${JSON.stringify(line)}\n`);
}

/** Undefined for nobody, and for a zombie. */
function startOf(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ").at(-1).split(" ");
    return "ZX".includes(fields[0]) ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
