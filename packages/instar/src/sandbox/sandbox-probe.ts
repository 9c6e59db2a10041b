import { z } from "zod";

const outcome = z.string().describe("done, or the code of the error");
const answersSchema = z.object({
  secrets: z.array(outcome),
  write: outcome,
  connect: outcome,
  ownLoopback: outcome,
  /** Whether a system-call filter is on at all, and whether a call that programs do not need is refused. */
  isFiltered: z.boolean(),
  personality: outcome,
  descriptors: z.number(),
  largeFile: outcome,
});
export type ProbeAnswers = z.output<typeof answersSchema>;

const LINE = "instar-probe ";

/**
 * What runs in a sandbox to try it: does what it must not, says what came of it in one line, and then takes memory until it is ended. Its words are
 * two secrets, a file to write, a port, its scratch folder, the size a file may have and the number of descriptors. CommonJS, given to `node -e`.
 */
export const PROBE = `
const fs = require("node:fs"), net = require("node:net"), { spawnSync } = require("node:child_process");
const [first, second, target, port, scratch, fileBytes, descriptors] = process.argv.slice(1);
const attempt = (act) => { try { act(); return "done"; } catch (error) { return error.code || "failed"; } };
const connect = (port) => new Promise((resolve) => {
  const socket = net.connect(port, "127.0.0.1");
  socket.once("connect", () => { socket.destroy(); resolve("done"); });
  socket.once("error", (error) => resolve(error.code || "failed"));
});
const connectToSelf = () => new Promise((resolve) => {
  const server = net.createServer((socket) => socket.destroy());
  server.once("error", (error) => resolve(error.code || "failed"));
  server.listen(0, "127.0.0.1", async () => { resolve(await connect(server.address().port)); server.close(); });
});
const countDescriptors = () => {
  const open = [];
  try { while (open.length < 4 * descriptors) open.push(fs.openSync("/dev/null")); } catch {}
  for (const one of open) fs.closeSync(one);
  return open.length;
};
(async () => {
  process.on("SIGXFSZ", () => {});
  let status = "";
  try { status = fs.readFileSync("/proc/self/status", "latin1"); } catch {}
  const answers = {
    secrets: [first, second].map((path) => attempt(() => fs.readFileSync(path))),
    write: attempt(() => fs.writeFileSync(target, "x")),
    connect: await connect(Number(port)),
    ownLoopback: await connectToSelf(),
    isFiltered: /^Seccomp:\\s+2$/m.test(status),
    personality: spawnSync("setarch", ["-R", "true"]).status === 0 ? "done" : "failed",
    descriptors: countDescriptors(),
    largeFile: attempt(() => fs.writeFileSync(scratch + "/large", Buffer.alloc(2 * Number(fileBytes)))),
  };
  fs.rmSync(scratch + "/large", { force: true });
  console.log("${LINE}" + JSON.stringify(answers));
  const taken = [];
  for (let step = 0; step < 16; step += 1) taken.push(Buffer.alloc(33554432, 1));
  setTimeout(() => taken.length, 10000);
})();
`;

/** @throws what JSON and zod throw where the probe came to no answer */
export function parseProbeAnswers(output: string): ProbeAnswers {
  const line = output.split("\n").find((text) => text.startsWith(LINE));
  if (line === undefined) throw new Error(`the probe said nothing: ${output.slice(-200)}`);
  return answersSchema.parse(JSON.parse(line.slice(LINE.length)));
}
