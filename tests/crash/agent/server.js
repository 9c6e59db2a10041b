// The agent of the crash test: numbered writes that are durable before they are acknowledged, a state format, and a witness
// outside the state who notices a second agent by himself.
import { appendFileSync, closeSync, existsSync, fsyncSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";

const read = (name) => JSON.parse(readFileSync(new URL(name, import.meta.url), "utf8"));
const { version } = read("./package.json");
const { kind } = read("./behaviour.json");
const state = process.env.STATE_DIR;

bearWitness(process.env.WITNESS_DIR);
if (kind === "will-not-start") process.exit(7);
mkdirSync(state, { recursive: true });
openFormat(join(state, "format"), kind === "breaks-state" ? 2 : 1);
const writes = openWrites(join(state, "writes.log"));
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
  if (url === "/health") return [200, { version }];
  asked += 1;
  if ((kind === "misbehaves" || kind === "breaks-state") && asked % 2 === 0) return [500, { version }];
  if (method === "GET") return [200, { version, pid: process.pid }];
  writes.last += 1;
  writeSync(writes.file, `${writes.last} ${text}\n`);
  fsyncSync(writes.file);
  return [201, { number: writes.last, version }];
}

/** What a crash left half written is cut off: it was never acknowledged. */
function openWrites(path) {
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

function bearWitness(folder) {
  const owner = join(folder, "owner.json");
  const other = existsSync(owner) ? JSON.parse(readFileSync(owner, "utf8") || "{}") : {};
  const lives = other.pid !== undefined && other.pid !== process.pid && startOf(other.pid) === other.startedAt;
  const line = {
    kind: lives ? "second-agent" : "start",
    pid: process.pid,
    version,
    release: process.env.INSTAR_RELEASE,
    cwd: process.cwd(),
    built: readFileSync(new URL("./built.txt", import.meta.url), "utf8"),
    ...(lives ? { other } : {}),
  };
  appendFileSync(join(folder, "agents.jsonl"), `${JSON.stringify(line)}\n`);
  writeFileSync(owner, JSON.stringify({ pid: process.pid, startedAt: startOf(process.pid), version }));
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
