import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { expect, test } from "vitest";

const BASH = "/bin/bash";

test.skipIf(process.platform !== "linux" || !existsSync(BASH))("a folder that was left open is open in what Node starts, until it is closed", () => {
  const look = "const seen = () => require('node:child_process').execFileSync('/bin/sh', ['-c', 'ls /proc/self/fd']).toString().split('\\n').includes('200');";
  const module = new URL("./close-stray-descriptors.ts", import.meta.url).href;
  const script = `${look} const before = seen(); import(${JSON.stringify(module)}).then(({ closeStrayDescriptors }) => { const closed = closeStrayDescriptors(); console.log(JSON.stringify([before, closed.includes(200), seen(), closeStrayDescriptors()])); })`;
  const said = execFileSync(BASH, ["-c", 'exec 200</; exec "$@"', "bash", process.execPath, "-e", script], { encoding: "utf8" });
  expect(JSON.parse(said)).toEqual([true, true, false, []]);
});
