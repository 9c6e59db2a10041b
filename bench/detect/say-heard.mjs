// Both watchers are asked alike: JavaScript, so that neither process carries a compiler.
const nowMs = () => Number(process.hrtime.bigint() / 1_000n) / 1_000;
const readMiB = () => process.memoryUsage().rss / 1_048_576;

export async function beginWatcher(load) {
  const folder = process.argv[2];
  const idleMiB = readMiB();
  let begunMs = 0;
  const start = await load(
    folder,
    (path) => process.send({ heard: path, atMs: nowMs() }),
    () => process.send({ readyMs: nowMs() - begunMs, rssMiB: readMiB(), idleMiB }),
  );
  process.on("disconnect", () => process.exit());
  begunMs = nowMs();
  start();
}
