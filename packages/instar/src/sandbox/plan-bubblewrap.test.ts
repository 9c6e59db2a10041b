import { describe, expect, test } from "vitest";
import { type BubblewrapView, planBubblewrap } from "./plan-bubblewrap.ts";

const VIEW: BubblewrapView = {
  tool: "/usr/bin/bwrap",
  layout: { roots: [{ path: "/usr" }, { path: "/bin", linkTo: "usr/bin" }], etc: ["/etc/ssl"] },
  madeUp: [{ path: "/etc/passwd", source: "/own/passwd" }],
  readable: [],
  writable: [],
  placed: [],
  scratch: "/data/scratch",
  masked: [],
  memory: [{ path: "/tmp", sizeBytes: 1_024 }],
  network: "private",
  endsWithParent: true,
  hasStatus: true,
  hasFilter: true,
  cwd: "/data/scratch",
  environment: {},
};
const plan = (more: Partial<BubblewrapView> = {}) => planBubblewrap({ ...VIEW, ...more }).join(" ");
/** What is mounted at a path, in the order of mounting. */
const mountsAt = (path: string, more: Partial<BubblewrapView>) =>
  [...plan(more).matchAll(/--(ro-bind-try|ro-bind|bind-try|bind|tmpfs)(?: \S+)? (\S+)/g)].filter((found) => found[2] === path).map((found) => found[1]);

describe("a command line of bubblewrap", () => {
  test("shows the system read-only, with its links as links, and its own files in place of the machine's", () => {
    expect(plan()).toContain("--ro-bind /usr /usr --symlink usr/bin /bin");
    expect(plan()).toContain("--ro-bind /own/passwd /etc/passwd");
    expect(plan()).not.toMatch(/shadow|resolv\.conf|machine-id/);
  });

  test("cuts off the network unless it is the host's", () => {
    expect(plan()).toContain("--unshare-net");
    expect(plan({ network: "host" })).not.toContain("--unshare-net");
  });

  test("drops capabilities, forbids user namespaces, and leaves /proc, /dev and the root read-only", () => {
    expect(plan()).toContain("--disable-userns");
    expect(plan()).toContain("--cap-drop ALL");
    expect(plan()).toMatch(/--remount-ro \/proc --remount-ro \/dev --remount-ro \//);
  });

  test("mounts what lies deeper after what lies around it, whoever named it first", () => {
    const line = plan({ readable: ["/a/b/c", "/a"], writable: ["/a/b"] });
    const places = ["--ro-bind-try /a /a", "--bind-try /a/b /a/b", "--ro-bind-try /a/b/c /a/b/c"].map((part) => line.indexOf(part));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(places).not.toContain(-1);
    const temporary = plan({ readable: ["/tmp/a"] });
    expect(temporary.indexOf("--tmpfs /tmp")).toBeLessThan(temporary.indexOf("--ro-bind-try /tmp/a"));
  });

  test("mounts a path once: writable wins over readable, scratch over all", () => {
    expect(mountsAt("/a", { readable: ["/a"], writable: ["/a"] })).toEqual(["bind-try"]);
    expect(mountsAt("/data/scratch", { readable: ["/data/scratch"] })).toEqual(["bind"]);
  });

  test("shows a placed folder where it is wanted and not where it is", () => {
    expect(plan({ placed: [{ from: "/copy", at: "/state" }], readable: ["/state"] })).toContain("--bind /copy /state");
    expect(plan({ placed: [{ from: "/copy", at: "/state" }], readable: ["/state"] })).not.toContain("--ro-bind-try /state");
  });

  test("dies with its parent only where it is told to", () => {
    expect(plan()).toContain("--die-with-parent");
    expect(plan({ endsWithParent: false })).not.toContain("--die-with-parent");
  });
});
