import { type Enforcement, SANDBOX_ASPECTS, type SandboxAspect, type SandboxName, type SandboxReport } from "@instar/protocol";
import { describe, expect, test } from "vitest";
import { chooseSandbox, type SandboxQuestion } from "./choose-sandbox.ts";

function report(name: SandboxName, has: Partial<Record<SandboxAspect, Enforcement["enforced"]>>, available = true): SandboxReport {
  const aspects = SANDBOX_ASPECTS.map(
    (aspect) => ({ aspect, enforced: has[aspect] ?? "no", by: "", because: `${aspect} was tried`, advice: `get ${aspect}` }) satisfies Enforcement,
  );
  return { name, available, because: available ? "it works" : "it is not installed", advice: "install it", aspects };
}

const strong = { files: "yes", network: "yes", memory: "yes", processes: "yes", time: "yes" } as const;
const least: SandboxAspect[] = ["files", "network", "memory", "processes", "time"];
const choose = (more: Partial<SandboxQuestion>) =>
  chooseSandbox({ wanted: "auto", platform: "linux", reports: [], use: "test", least, weaker: "refused", ...more });

describe("the sandbox for a job", () => {
  test.each<[string, Partial<SandboxQuestion>, object]>([
    [
      "bubblewrap on Linux",
      { reports: [report("bubblewrap", strong), report("sandbox-runtime", strong)] },
      { kind: "use", sandbox: "bubblewrap", missing: [] },
    ],
    [
      "sandbox-runtime on macOS",
      { platform: "darwin", reports: [report("bubblewrap", strong), report("sandbox-runtime", strong)] },
      { kind: "use", sandbox: "sandbox-runtime" },
    ],
    [
      "the other one where bubblewrap is not there",
      { reports: [report("bubblewrap", {}, false), report("sandbox-runtime", strong)] },
      { kind: "use", sandbox: "sandbox-runtime" },
    ],
    [
      "the other one where bubblewrap is weaker",
      { reports: [report("bubblewrap", { files: "yes" }), report("sandbox-runtime", strong)] },
      { kind: "use", sandbox: "sandbox-runtime" },
    ],
    [
      "the one that is asked for, though another were stronger",
      { wanted: "sandbox-runtime", reports: [report("bubblewrap", strong), report("sandbox-runtime", {})] },
      { kind: "refused" },
    ],
    ["none only where it is allowed", { reports: [report("none", { time: "yes" })] }, { kind: "refused" }],
    [
      "none where it is allowed and nothing else is there",
      { reports: [report("none", { time: "yes" })], weaker: "allowed" },
      { kind: "use", sandbox: "none", missing: ["files", "network", "memory", "processes"] },
    ],
    [
      "a weak one before none",
      { reports: [report("none", {}), report("bubblewrap", { files: "yes" })], weaker: "allowed" },
      { kind: "use", sandbox: "bubblewrap" },
    ],
    ["memory by a watchdog is enough", { reports: [report("bubblewrap", { ...strong, memory: "partly", processes: "partly" })] }, { kind: "use", missing: [] }],
    ["files in part are not", { reports: [report("bubblewrap", { ...strong, files: "partly" })] }, { kind: "refused", missing: ["files"] }],
    ["nothing is insisted on", { wanted: "none", least: [], reports: [report("none", {})] }, { kind: "use", sandbox: "none", missing: [] }],
    ["nothing is known of any", {}, { kind: "refused" }],
  ])("%s", (_name, more, wanted) => {
    expect(choose(more)).toMatchObject(wanted);
  });

  test("a refusal says what was tried, what is missing and what to do", () => {
    const weak = choose({ wanted: "bubblewrap", reports: [report("bubblewrap", { ...strong, network: "no" })] });
    expect(weak).toMatchObject({ because: expect.stringContaining("network was tried"), advice: expect.stringMatching(/get network.*sandbox\.weaker/) });
    const absent = choose({ reports: [report("bubblewrap", {}, false)] });
    expect(absent).toMatchObject({ because: expect.stringContaining("it is not installed"), advice: expect.stringContaining("install it") });
  });
});
