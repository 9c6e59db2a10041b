import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isWithin, type ProgramFolder, planProgramFolders } from "./plan-program-folders.ts";

const SYSTEM = ["/usr", "/bin", "/lib"];
const HOMES = ["/root", "/home", "/home/ada"];

function plan(folders: readonly (Partial<ProgramFolder> & { path: string })[], hidden: readonly string[] = []): string[] {
  return planProgramFolders({
    folders: folders.map((folder) => ({ realPath: folder.path, programs: [], ...folder })),
    system: SYSTEM,
    homes: HOMES,
    hidden,
  });
}

const parts = (prefix: string) => ["bin", "include", "lib", "lib64", "libexec", "share"].map((part) => `${prefix}/${part}`);

describe("the folders that a PATH brings", () => {
  test("are none of what every job sees anyway", () => {
    expect(plan([{ path: "/usr/bin" }, { path: "/usr/local/bin" }, { path: "/bin", realPath: "/usr/bin" }])).toEqual([]);
  });

  test("are a program's prefix, part by part, and not what else lies in it", () => {
    expect(plan([{ path: "/opt/node/bin" }])).toEqual(parts("/opt/node"));
    expect(plan([{ path: "/home/ada/.nvm/versions/node/v24/bin" }])).toEqual(parts("/home/ada/.nvm/versions/node/v24"));
  });

  test("are never a home, and of ~/.local no share, where a person's own data lie", () => {
    expect(plan([{ path: "/home/ada/bin" }])).toEqual(["/home/ada/bin"]);
    expect(plan([{ path: "/home/ada/.local/bin" }])).toEqual(["/home/ada/.local/bin", "/home/ada/.local/lib", "/home/ada/.local/lib64"]);
    expect(plan([{ path: "/home/somebody/bin" }, { path: "/var/bin" }])).toEqual(["/home/somebody/bin", "/var/bin"]);
    expect(plan([{ path: "/home/ada" }, { path: "/home/somebody" }, { path: "/root" }, { path: "/" }])).toEqual([]);
  });

  test("follow the links of programs to where they lead", () => {
    expect(plan([{ path: "/usr/local/bin", programs: ["/opt/tool/bin/tool"] }])).toEqual(parts("/opt/tool"));
    expect(plan([{ path: "/srv/node_modules/.bin", programs: ["/srv/node_modules/typescript/bin/tsc"] }])).toEqual(["/srv/node_modules"]);
    expect(plan([{ path: "/usr/local/bin", programs: ["/srv/agent/run.sh"] }])).toEqual(["/srv/agent/run.sh"]);
    expect(plan([{ path: "/srv/bin", realPath: "/data/bin" }])).toEqual([...parts("/data"), ...parts("/srv")]);
  });

  test("are all that shims need", () => {
    expect(plan([{ path: "/root/.pyenv/shims" }])).toEqual(expect.arrayContaining(["/root/.pyenv/shims", "/root/.pyenv/versions", "/root/.pyenv/libexec"]));
    expect(plan([{ path: "/root/.pyenv/shims" }])).not.toContain("/root/.pyenv");
  });

  test("contain nothing that must stay out of sight", () => {
    expect(plan([{ path: "/opt/node/bin" }], ["/opt/node/share/instar"])).not.toContain("/opt/node/share");
    const anyPath = fc
      .array(fc.constantFrom("home", "ada", "root", "opt", "bin", "share", "lib", "data", "shims", "node_modules"), { minLength: 1, maxLength: 5 })
      .map((names) => `/${names.join("/")}`);
    fc.assert(
      fc.property(fc.array(anyPath), fc.array(anyPath), fc.array(anyPath), (paths, programs, hidden) => {
        for (const found of plan(
          paths.map((path) => ({ path, programs })),
          hidden,
        )) {
          expect([...HOMES, "/"].some((home) => isWithin(home, found))).toBe(false);
          expect(hidden.some((path) => isWithin(path, found))).toBe(false);
        }
      }),
    );
  });
});
