import { execFile } from "node:child_process";
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** What upstream publishes in the demo, each a change of the version before. */
export const STORY = {
  "1.0.1": "a friendlier greeting",
  "1.0.2": "passes its tests, but fails one request in three in service",
  "1.0.3": "its tests fail",
  "1.0.4": "a good version again",
} as const;
export type StoryVersion = keyof typeof STORY;

/** A git remote with the example agent, and the people who publish to it. */
export class Upstream {
  readonly remote: string;
  readonly #work: string;
  readonly #path: string;

  private constructor(folder: string, path: string) {
    this.remote = join(folder, "upstream.git");
    this.#work = join(folder, "upstream-work");
    this.#path = path;
  }

  /** @param path the operator's PATH, where git is */
  static async create(folder: string, example: string, path: string): Promise<Upstream> {
    const upstream = new Upstream(folder, path);
    await mkdir(upstream.#work, { recursive: true });
    await upstream.#git(folder, "init", "--quiet", "--bare", "--initial-branch=main", upstream.remote);
    await upstream.#git(upstream.#work, "init", "--quiet", "--initial-branch=main", ".");
    await cp(example, upstream.#work, { recursive: true });
    await upstream.#commit("1.0.0: the first version");
    return upstream;
  }

  /** Changes the agent as the story says, and pushes it. */
  async publish(version: StoryVersion): Promise<void> {
    await this.#edit("package.json", (text) => text.replace(/"version": "[^"]+"/, `"version": "${version}"`));
    await this.#edit("answer.js", (text) => CHANGES[version](text.replace(/version = "[^"]+"/, `version = "${version}"`)));
    await this.#commit(`${version}: ${STORY[version]}`);
  }

  async #edit(file: string, change: (text: string) => string): Promise<void> {
    const path = join(this.#work, file);
    await writeFile(path, change(await readFile(path, "utf8")));
  }

  async #commit(message: string): Promise<void> {
    await this.#git(this.#work, "add", "--all");
    await this.#git(this.#work, "-c", "user.name=Upstream", "-c", "user.email=upstream@example.invalid", "commit", "--quiet", "--message", message);
    await this.#git(this.#work, "push", "--quiet", this.remote, "main");
  }

  async #git(cwd: string, ...args: string[]): Promise<void> {
    await run("git", args, { cwd, env: { PATH: this.#path, HOME: cwd, GIT_CONFIG_NOSYSTEM: "1", GIT_CONFIG_GLOBAL: "/dev/null" } });
  }
}

const BROKEN = `let asked = 0;
function isThird() {
  asked += 1;
  return asked % 3 === 0;
}
`;

const CHANGES: Readonly<Record<StoryVersion, (text: string) => string>> = {
  "1.0.1": (text) => text.replace('return "hello"', 'return "hello there"'),
  // Nothing that a test or a health page sees: only requests in service fail.
  "1.0.2": (text) =>
    text
      .replace("/** @returns", `${BROKEN}\n/** @returns`)
      .replace(
        '  if (method === "GET" && path === "/")',
        '  if (process.env.PORT && isThird()) return { status: 500, body: { error: "it went wrong", version } };\n  if (method === "GET" && path === "/")',
      ),
  "1.0.3": (text) =>
    text
      .replace(`${BROKEN}\n`, "")
      .replace(/ {2}if \(process\.env\.PORT.*\n/, "")
      .replace('return "hello there"', 'return "goodbye"'),
  "1.0.4": (text) => text.replace('return "goodbye"', 'return "hello again"'),
};
