import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** A real repository for tests: fixed author and dates, so the same files give the same commits. */
export interface TestRepository {
  readonly folder: string;
  /** Writes files (`null` removes, `{ link }` links) and commits them. Gives the commit. */
  commit(message: string, files?: Readonly<Record<string, string | Buffer | null | { readonly link: string } | { readonly run: string }>>): string;
  git(...args: string[]): string;
}

export function makeRepository(folder: string): TestRepository {
  mkdirSync(folder, { recursive: true });
  let minute = 0;
  const git = (...args: string[]): string => {
    const at = `2026-01-02T03:${String(minute % 60).padStart(2, "0")}:00Z`;
    return execFileSync("git", ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "protocol.file.allow=always", ...args], {
      cwd: folder,
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...process.env, GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1", GIT_AUTHOR_DATE: at, GIT_COMMITTER_DATE: at, LC_ALL: "C" },
    })
      .toString()
      .trim();
  };
  git("init", "--quiet", "--initial-branch=main");
  return {
    folder,
    git,
    commit: (message, files = {}) => {
      for (const [name, content] of Object.entries(files)) put(join(folder, name), content);
      minute++;
      git("add", "--all", "--force");
      git("commit", "--quiet", "--allow-empty", "--no-verify", "-m", message);
      return git("rev-parse", "HEAD");
    },
  };
}

function put(path: string, content: string | Buffer | null | { readonly link: string } | { readonly run: string }): void {
  mkdirSync(dirname(path), { recursive: true });
  rmSync(path, { recursive: true, force: true });
  if (content === null) return;
  if (typeof content === "string" || Buffer.isBuffer(content)) writeFileSync(path, content, { mode: 0o644 });
  else if ("link" in content) symlinkSync(content.link, path);
  else writeFileSync(path, content.run, { mode: 0o755 });
}
