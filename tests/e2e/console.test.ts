// The web console in a real Chromium, with a real instance and real updates behind it: the order matters, and each story leaves what the next begins with.
import { readFileSync } from "node:fs";
import type { UpdateView } from "@instar/protocol";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fillJournal } from "../../packages/instar/src/update/fill-journal.testing.ts";
import { TestBrowser, type TestWindow } from "./browser.ts";
import { TestInstance, until } from "./test-instance.ts";

const AXE = readFileSync(new URL("../../node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };
/** Breaks out of whatever forgets that it is text, turns its line around, and hides. */
const HOSTILE = '"><img src=x onerror="window.owned=1"><script>window.owned=1</script> javascript:window.owned=1 \u202Etxt.exe\u2066 \u200B';
const PAGES = [
  "/",
  "/updates",
  "/observation",
  "/history",
  "/ledger",
  "/reports",
  "/backups",
  "/schedule",
  "/sources",
  "/policy",
  "/people",
  "/settings",
  "/doctor",
  "/guide",
];
const TABS = ["about", "impact", "diff", "tests", "rehearsal", "decision", "observation", "timeline", "log"];

describe("the web console:", () => {
  let instance: TestInstance;
  let browser: TestBrowser;
  let admin: string;
  let ada: string;
  let viewer: string;
  const windows: TestWindow[] = [];
  const tokenOf = (name: string, role: string, by?: string) =>
    instance.jsonAs<{ secret: string }>(by, "token", "create", name, "--role", role, "--expires", "1d").secret;
  const updateTo = (version: string) =>
    until(`there is an update to ${version}`, async () => (await instance.updatesNow()).find((each) => each.versionTo === version));
  const waiting = (version: string): Promise<UpdateView> =>
    until(`${version} waits for approval`, async () =>
      (await instance.updatesNow()).find((each) => each.versionTo === version && each.steps.some(({ id, state }) => id === "approve" && state === "waiting")),
    );
  const open = async (options?: Parameters<TestBrowser["open"]>[0]) => {
    const window = await browser.open(options);
    windows.push(window);
    return window;
  };

  beforeAll(async () => {
    [instance, browser] = await Promise.all([TestInstance.create(), TestBrowser.start()]);
    await instance.start();
    admin = tokenOf("root", "admin");
    ada = tokenOf("ada", "approver", admin);
    viewer = tokenOf("vera", "viewer", admin);
  });
  afterAll(async () => {
    await browser.end();
    instance.end();
  });

  it("is signed in to by an address that leaves no code behind and counts once, and asks no other host", async () => {
    const window = await open();
    const address = await window.signIn(instance);
    expect(new URL(window.page.url()).hash).toBe("");
    expect(await window.page.evaluate("[document.cookie, JSON.stringify(localStorage)]")).toEqual(["", "{}"]);
    expect([...window.hosts]).toEqual([new URL(address).host]);
    await window.page.reload();
    await window.page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
    const second = await open();
    await second.page.goto(address);
    await second.page.getByRole("button", { name: "Sign in" }).waitFor();
    expect(new URL(second.page.url()).hash).toBe("");
  });

  it("shows an update as it runs, from its first step to its end, without being loaded again", async () => {
    const window = await open();
    await window.signInAs(instance, ada);
    const begun = window.page.getByRole("heading", { name: "The update under way" });
    instance.publish("1.0.1", {
      "slow.test.js": 'import { test } from "node:test";\ntest("takes its time", () => new Promise((resolve) => setTimeout(resolve, 1_500)));\n',
    });
    await begun.waitFor();
    await window.page.locator(".step-running, .step-waiting").first().waitFor();
    await window.page.getByRole("link", { name: "1.0.0 → 1.0.1" }).click();
    await window.page.getByRole("heading", { level: 1, name: "1.0.0 → 1.0.1" }).waitFor();
    expect(await window.page.evaluate("document.activeElement?.tagName")).toBe("H1");
    await instance.ended("1.0.1");
    await window.page.locator(".page-lead").getByText("✓ committed").waitFor();
    expect(window.complaints).toEqual([]);
  });

  it("lets an approver approve on the way, at the width of a phone, what a hostile candidate says of itself notwithstanding", async () => {
    instance.publish("1.0.2", { "auth.js": `// ${HOSTILE}\nexport const one = 1;\n`, [`a ${HOSTILE.replaceAll("/", "∕")}.js`]: "export {};\n" });
    const update = await waiting("1.0.2");
    const window = await open(PHONE);
    await window.signInAs(instance, ada);
    await window.page
      .getByRole("link", { name: /1\.0\.2/ })
      .first()
      .click();
    await window.page.getByRole("heading", { level: 1, name: /1\.0\.2/ }).waitFor();
    for (const tab of TABS) {
      await window.tab(tab);
      expect(await window.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), `${tab} is no wider than the phone`).toBe(true);
    }
    await window.tab("diff");
    await window.page.locator(".diff-code .hidden-character", { hasText: "U+202E" }).first().waitFor();
    expect(await window.page.evaluate('"owned" in window')).toBe(false);
    await window.page.getByRole("button", { name: "Approve…" }).click();
    const dialog = window.page.getByRole("dialog");
    await dialog.getByText("What will happen").waitFor();
    await dialog.getByText("Exchange old for new").waitFor();
    await dialog.getByLabel(/Comment/).fill(`looked at it ${HOSTILE}`);
    await dialog.getByRole("button", { name: "Approve" }).click();
    expect((await instance.ended("1.0.2")).outcome).toBe("committed");
    await window.page.locator(".page-lead").getByText("✓ committed").waitFor();
    expect(
      instance.json<{ approvals: { update: string; answers: unknown[] }[] }>("approval", "list").approvals.find((each) => each.update === update.id)?.answers,
    ).toMatchObject([{ by: "ada", because: `looked at it ${HOSTILE}`, counts: true }]);
    expect(window.complaints).toEqual([]);
  });

  it("rejects with a comment, which wants one; who may not answer sees why", async () => {
    instance.publish("1.0.3", { "auth.js": "export const two = 2;\n" });
    const update = await waiting("1.0.3");
    const other = await open();
    await other.signInAs(instance, viewer);
    await expect.poll(() => other.page.getByRole("button", { name: "Approve…" }).isDisabled()).toBe(true);
    await other.page.getByText("Your role here is viewer, which may not do this.").waitFor();
    const window = await open();
    await window.signInAs(instance, ada);
    await window.page.getByRole("button", { name: "Reject…" }).click();
    const dialog = window.page.getByRole("dialog");
    expect(await dialog.getByRole("button", { name: "Reject" }).isDisabled()).toBe(true);
    await dialog.getByLabel("Why").fill("not on a Friday");
    await dialog.getByRole("button", { name: "Reject" }).click();
    await instance.ended("1.0.3");
    await window.page
      .getByRole("link", { name: /1\.0\.3/ })
      .first()
      .click();
    await window.page.locator(".page-lead").getByText("✕ refused").waitFor();
    await window.page
      .getByText(/not on a Friday/)
      .first()
      .waitFor();
    expect((await updateTo("1.0.3")).id).toBe(update.id);
  });

  it("says first what going back would cost, and goes back", async () => {
    const window = await open();
    await window.signInAs(instance, admin);
    const { id } = await updateTo("1.0.2");
    await window.go(`/updates/${id}`);
    await window.page.getByRole("button", { name: "Roll back…" }).click();
    const dialog = window.page.getByRole("dialog");
    await dialog.getByText(/What would be lost/).waitFor();
    await dialog.getByText(/validate target state/).waitFor();
    await dialog.getByRole("button", { name: "Go back" }).click();
    await until("the version before serves", async () => ((await instance.served())?.version === "1.0.1" ? true : undefined));
  });

  it("says that it is stale while the daemon is away, and is current again by itself", async () => {
    const window = await open();
    await window.signInAs(instance, ada);
    await until("the way back has ended", async () => ((await instance.statusNow())?.update?.outcome === "committed" ? true : undefined));
    await window.page.getByText("Version 1.0.1").waitFor();
    const { daemon, keeper } = instance.pids();
    // Held, the keeper starts no other daemon: the page is without one for as long as it takes to say so.
    process.kill(keeper, "SIGSTOP");
    process.kill(daemon, "SIGKILL");
    try {
      await window.page.getByText("What you see is old.").waitFor();
      await window.page.getByText("Version 1.0.1").waitFor();
    } finally {
      process.kill(keeper, "SIGCONT");
    }
    await window.page.getByText("What you see is old.").waitFor({ state: "detached", timeout: 120_000 });
    instance.publish("1.0.4");
    await window.page
      .getByRole("link", { name: /1\.0\.4/ })
      .first()
      .waitFor({ timeout: 120_000 });
    await waiting("1.0.4");
    expect((await instance.askAs(ada, "POST", "/v1/update/approve", {})).status).toBe(200);
    await window.page.getByText("Version 1.0.4").waitFor({ timeout: 120_000 });
    await instance.ended("1.0.4");
  });

  it.each(["light", "dark"] as const)("has nothing to complain about for axe, with data on every page, in %s colours", async (colorScheme) => {
    const window = await open({ colorScheme });
    await window.signInAs(instance, admin);
    const { id } = await updateTo("1.0.2");
    for (const path of [...PAGES, ...TABS.map((tab) => `/updates/${id}?tab=${tab}`)]) {
      await window.go(path);
      await window.settle();
      expect(await violationsOf(window), path).toEqual([]);
    }
    await window.page.getByRole("button", { name: "Pin…" }).click();
    await window.page.getByRole("dialog").getByText("What will happen").waitFor();
    expect(await violationsOf(window), "a dialog").toEqual([]);
    expect(window.complaints).toEqual([]);
  });

  it("can be used by keyboard alone: past the navigation, through the tabs, into a dialog and out of it", async () => {
    const window = await open();
    await window.signInAs(instance, admin);
    const { id } = await updateTo("1.0.2");
    await window.go(`/updates/${id}`);
    await window.page.evaluate("document.activeElement?.blur()");
    await window.page.keyboard.press("Tab");
    expect(await window.page.evaluate("document.activeElement?.textContent")).toBe("Skip to the content");
    await window.page.keyboard.press("Enter");
    expect(await window.page.evaluate("document.activeElement?.id")).toBe("main");
    await window.page.getByRole("tab", { name: "Overview" }).focus();
    await window.page.keyboard.press("ArrowRight");
    await window.page.keyboard.press("Enter");
    await window.page.getByRole("heading", { name: "How far it reaches" }).waitFor();
    const pin = window.page.getByRole("button", { name: "Pin…" });
    await pin.focus();
    await window.page.keyboard.press("Enter");
    await window.page.getByRole("dialog").waitFor();
    await window.page.keyboard.press("Escape");
    await window.page.getByRole("dialog").waitFor({ state: "detached" });
    expect(await pin.evaluate((button: { matches(selector: string): boolean }) => button.matches(":focus"))).toBe(true);
  });

  it("lists ten thousand updates, and draws what is in sight", async () => {
    expect(instance.cli("down").status).toBe(0);
    fillJournal(instance.data, 10_000);
    expect(instance.cli("up").status).toBe(0);
    const window = await open();
    await window.signInAs(instance, admin);
    await window.go("/updates");
    await window.page.getByText(/10\s00\d updates/).waitFor();
    const list = window.page.getByRole("region", { name: "Updates" });
    const height = () => list.evaluate((section: { scrollHeight: number }) => section.scrollHeight);
    for (let page = 0; page < 4; page += 1) {
      const before = await height();
      await list.evaluate((section: { scrollHeight: number; scrollTop: number }) => {
        section.scrollTop = section.scrollHeight;
      });
      await expect.poll(height).toBeGreaterThan(before);
    }
    expect(await window.page.locator("tbody tr").count()).toBeLessThan(80);
    await window.page.getByLabel("Version or commit begins with").fill("0.0.77");
    await window.page.getByText(/^111 updates/).waitFor();
    await window.page.getByLabel("How it ended").selectOption("committed");
    await window.page.getByText("No update is like that").waitFor();
  });
});

async function violationsOf({ page }: TestWindow): Promise<string[]> {
  await page.evaluate(AXE);
  return page.evaluate<string[]>(`axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] }).then(({ violations }) =>
    violations.flatMap(({ id, nodes }) => nodes.slice(0, 3).map(({ html, failureSummary }) => id + ": " + html.slice(0, 200) + " " + failureSummary)))`);
}
