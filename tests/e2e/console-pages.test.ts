// The console's pages of record, keeping and rules in a real Chromium, at a real instance with a history: an update that went through, one that went back,
// backups, tasks, tokens. The order matters: each story leaves what the next begins with.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { LedgerEntryView, OutputOf } from "@instar/protocol";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TestBrowser, type TestWindow } from "./browser.ts";
import { TestInstance, until } from "./test-instance.ts";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const PAGES = {
  observation: "Observation",
  history: "History",
  ledger: "Ledger",
  reports: "Reports",
  backups: "Backups",
  schedule: "Schedule",
  sources: "Sources",
  policy: "Policy",
  people: "People and tokens",
  settings: "Settings",
  doctor: "Doctor",
  guide: "Guide",
} as const;
/** It says that it is well, and ends a moment later; started anew it ends at once. */
const CRASHES = {
  "crash.js": `import { existsSync, writeFileSync } from "node:fs";
const mark = process.env.STATE_DIR + "/crashed";
export function crashSoon() {
  if (existsSync(mark)) process.exit(7);
  setTimeout(() => (writeFileSync(mark, ""), process.exit(7)), 400);
}
`,
  "server.js": (text: string) => `import { crashSoon } from "./crash.js";\n${text.replace("server.listen(", "crashSoon();\nserver.listen(")}`,
};
/** What would become markup if anything here were taken for it. */
const HOSTILE = '<img src=x onerror="document.title=`owned`"><script>document.title="owned"</script>';

describe("the console's pages:", () => {
  let instance: TestInstance;
  let browser: TestBrowser;
  let window: TestWindow;
  let root: string;
  const page = (): Page => window.page;
  const go = async (name: keyof typeof PAGES, search = "") => {
    await window.go(`/${name}${search}`);
    await page().getByRole("heading", { level: 1, name: PAGES[name] }).waitFor();
  };
  const dialog = () => page().getByRole("dialog");
  const settled = () =>
    page()
      .getByText(/^(Reading|Checking|Looking|Asking)/)
      .first()
      .waitFor({ state: "detached" });
  const entries = (query = "limit=1000") => instance.ask<OutputOf<"audit.list">>("GET", `/v1/audit/list?${query}`).then(({ entries: found }) => found);

  beforeAll(async () => {
    instance = await TestInstance.create({ settings: "backup: { config: [instar.yaml, config, policy] }\nwatch: { time: 1500ms, requests: 0 }" });
    mkdirSync(join(instance.agent, "config"));
    writeFileSync(join(instance.agent, "config/agent.json"), '{ "greeting": "hello" }\n');
    mkdirSync(join(instance.agent, "policy"));
    writeFileSync(join(instance.agent, "policy", "own.test.yaml"), "tests:\n  - { name: a patch proceeds, update: {}, expect: proceed }\n");
    await instance.start();
    await instance.write("something to lose");
    instance.publish("1.0.1", { "answer.js": (text) => `${text}\n// ${HOSTILE}\n` });
    expect((await instance.ended("1.0.1")).outcome).toBe("committed");
    instance.publish("1.0.2", CRASHES);
    expect((await instance.ended("1.0.2")).outcome).toBe("rolled-back");
    root = instance.json<{ secret: string }>("token", "create", "root", "--role", "admin", "--expires", "1d").secret;
    browser = await TestBrowser.start();
    // The charts' library writes numbers in the browser's language, and a machine for tests may have none.
    window = await browser.open({ locale: "en-GB" });
    page().setDefaultTimeout(60_000);
    await window.signInAs(instance, root);
  });
  afterAll(async () => {
    await browser?.end();
    instance?.end();
  });

  describe("the ledger", () => {
    it("has its head checked in the browser, which remembers key and checkpoint", async () => {
      await go("ledger");
      await page().getByText("Verified in this browser").waitFor();
      const kept = JSON.parse((await page().evaluate(() => localStorage.getItem("instar.ledger"))) ?? "{}") as { key: string; note: string };
      const { key } = await instance.ask<OutputOf<"audit.checkpoint">>("GET", "/v1/audit/checkpoint");
      expect(kept.key).toBe(key);
      await page().getByRole("button", { name: "Have the machine read all of it" }).click();
      await page()
        .getByText(/^Intact: /)
        .waitFor();
    });

    it("verifies an entry by its proof, from what is shown", async () => {
      const [completed] = await entries("event=UPDATE_COMPLETED");
      await go("ledger", `?entry=${completed?.index}`);
      await page().getByRole("button", { name: "Verify in this browser" }).click();
      await page().getByText(`entry ${completed?.index} is in the ledger exactly as it is shown here`).waitFor();
      expect(await page().locator(".proof-verified li").count()).toBe(5);
    });

    for (const [what, tamper] of [
      ["the entry's words", (list: LedgerEntryView) => ({ ...list, description: `${list.description}!` })],
      ["who did it", (list: LedgerEntryView) => ({ ...list, actor: { type: "user" as const, id: "somebody else" } })],
    ] as const)
      it(`refuses loudly where ${what} were changed on the way`, async () => {
        const [newest] = await entries("limit=1");
        if (newest === undefined) throw new Error("the ledger is empty");
        await page().route(/\/v1\/audit\/list/, async (route) => {
          const answer = await route.fetch();
          const body = (await answer.json()) as OutputOf<"audit.list">;
          await route.fulfill({ response: answer, json: { ...body, entries: body.entries.map(tamper) } });
        });
        await go("ledger", `?entry=${newest.index}`);
        await page().getByRole("button", { name: "Verify in this browser" }).click();
        await page().getByRole("alert").getByText("Not verified: do not believe this entry").waitFor();
        await page().unrouteAll();
      });

    it("refuses a receipt with another hash in it", async () => {
      const [newest] = await entries("limit=1");
      await page().route(/\/v1\/audit\/prove/, async (route) => {
        const answer = await route.fetch();
        const body = (await answer.json()) as OutputOf<"audit.prove">;
        const lines = body.receipt.split("\n");
        lines[2] = Buffer.alloc(32, 7).toString("base64");
        await route.fulfill({ response: answer, json: { ...body, receipt: lines.join("\n") } });
      });
      await go("ledger", `?entry=${newest?.index}`);
      await page().getByRole("button", { name: "Verify in this browser" }).click();
      await page().getByRole("alert").getByText("does not lead from entry").first().waitFor();
      await page().unrouteAll();
    });

    it("raises an alarm where the ledger went back to before what this browser saw, and where its key is another one", async () => {
      const { note } = await instance.ask<OutputOf<"audit.checkpoint">>("GET", "/v1/audit/checkpoint");
      await instance.ask("POST", "/v1/update/hold", { because: "one entry more" });
      await instance.ask("POST", "/v1/update/unhold", {});
      await go("ledger");
      await page().getByText("Verified in this browser").waitFor();
      const change = async (how: (body: OutputOf<"audit.checkpoint">) => object) => {
        await page().unrouteAll();
        await page().route(/\/v1\/audit\/checkpoint/, async (route) => {
          const answer = await route.fetch();
          await route.fulfill({ response: answer, json: how((await answer.json()) as OutputOf<"audit.checkpoint">) });
        });
        await go("ledger");
      };
      await change((body) => ({ ...body, note }));
      await page().getByRole("alert").getByText("The ledger was put back").waitFor();
      await change((body) => ({ ...body, key: body.key.replace(/.{4}$/, "AAA=") }));
      await page().getByRole("alert").getByText("The ledger's key is another one").waitFor();
      await page().unrouteAll();
      await go("ledger");
      await page().getByText("Verified in this browser").waitFor();
    });

    it("is filtered by the daemon, and the address keeps what was looked for", async () => {
      await go("ledger");
      await page().getByLabel("What happened").fill("UPDATE_COMPLETED");
      await page().getByRole("button", { name: "Filter", exact: true }).click();
      const wanted = await entries("event=UPDATE_COMPLETED&limit=1000");
      await until("only those are shown", async () => ((await page().locator(".data-table tbody tr").count()) === wanted.length ? true : undefined));
      expect(page().url()).toContain("event=UPDATE_COMPLETED");
    });
  });

  it("going back says before what would be lost, and does it", async () => {
    await go("history");
    await page().getByText("Nobody has noted why yet.").first().waitFor();
    await page().getByRole("button", { name: "Go back to 1.0.0…" }).click();
    await dialog().getByText("What would be lost", { exact: true }).waitFor();
    await dialog().getByRole("button", { name: "Go back", exact: true }).click();
    await dialog().waitFor({ state: "detached" });
    const back = await until("1.0.0 serves again", async () => {
      const status = await instance.statusNow();
      return status?.agent.version === "1.0.0" && status.update?.outcome != null ? status : undefined;
    });
    expect(back.update?.outcome).toBe("committed");
  });

  it("an incident's cause is noted, and is on the ledger", async () => {
    await go("history");
    await page().getByRole("button", { name: "Note why…" }).first().click();
    await dialog().getByLabel("Why, in your words").fill(HOSTILE);
    await dialog().getByRole("button", { name: "Write it down" }).click();
    await page().getByText(`Why: ${HOSTILE}`).waitFor();
    expect((await entries("event=INCIDENT_EXPLAINED")).length).toBe(1);
    expect(await page().title()).toBe("History – Instar");
  });

  it("a setting is changed with a look at the difference, and taken back", async () => {
    const text = () => readFileSync(join(instance.agent, "instar.yaml"), "utf8");
    const before = text();
    await go("settings");
    await page().getByLabel("Look for").fill("keep/releases");
    await page().getByRole("button", { name: "Change…" }).first().click();
    const field = dialog().getByLabel(/^Value/);
    await field.fill("many");
    await dialog().getByText("It would be refused").waitFor();
    await field.fill("7");
    await dialog().getByText("+ /keep/releases: 7").waitFor();
    await dialog().getByRole("button", { name: "Change it" }).click();
    await dialog().waitFor({ state: "detached" });
    await until("the file is changed", () => (text() === before ? undefined : true));
    await page().getByText("It was changed since Instar started").waitFor();
    await page().getByRole("button", { name: "Undo…" }).first().click();
    await dialog().getByRole("button", { name: "Put back what was there" }).click();
    await until("the file is as it was", () => (text() === before ? true : undefined));
    await page().getByText("Instar runs by it as it stands.").waitFor();
  });

  it("a token's secret is shown once, opens what its role may, and nothing once it is revoked", async () => {
    await go("people");
    await page().getByRole("button", { name: "Make a token…" }).click();
    await dialog().getByLabel("Whose it is").fill("ann");
    await dialog().getByLabel("Role").selectOption("viewer");
    await dialog().getByRole("button", { name: "Make it" }).click();
    const secret = await page().getByLabel("Secret", { exact: true }).inputValue();
    expect((await instance.askAs(secret, "GET", "/v1/whoami")).body).toMatchObject({ name: "ann", role: "viewer" });
    await page().getByRole("button", { name: "I have kept it" }).click();
    await go("people");
    expect(await page().content()).not.toContain(secret);
    expect(JSON.stringify(await page().evaluate(() => ({ ...localStorage, ...sessionStorage })))).not.toContain(secret);
    await page().getByRole("button", { name: "Revoke ann…" }).click();
    await dialog().getByRole("button", { name: "Revoke it" }).click();
    await page().getByText("✕ revoked").waitFor();
    expect((await instance.askAs(secret, "GET", "/v1/whoami")).status).toBe(401);
  });

  it("what a role may not do is there, cannot be pressed, and says why", async () => {
    const viewer = instance.jsonAs<{ secret: string }>(root, "token", "create", "vic", "--role", "viewer", "--expires", "1d").secret;
    const other = await browser.open();
    await other.signInAs(instance, viewer);
    await other.go("/backups");
    const button = other.page.getByRole("button", { name: "Back up now…" });
    await other.page.getByText("Your role here is viewer, which may not do this.").first().waitFor();
    expect(await button.isDisabled()).toBe(true);
    await other.go("/people");
    await other.page.getByText("Only an admin sees who has tokens").waitFor();
    await other.end();
  });

  it("a draft of policies is put in place after it was tried, with a look at the difference, and taken back", async () => {
    const path = join(instance.agent, "policy", "own.cedar");
    await go("policy");
    await page().getByRole("tab", { name: "Try and change" }).click();
    const put = page().getByRole("button", { name: "Put it in place…" });
    expect(await put.isDisabled()).toBe(true);
    await page().getByText("Try it first, as it is now.").waitFor();
    await page().getByLabel("Its name").fill("../own.cedar");
    await page().getByText("Its name is of letters").waitFor();
    await page().getByLabel("Its name").fill("own.cedar");
    await page()
      .getByLabel("Policies, in Cedar")
      .fill('@id("mine") @because("anybody looks") permit (principal, action == Instar::Action::"status", resource);\n');
    await page().getByRole("button", { name: "Try it on the past" }).click();
    await page().getByRole("heading", { name: "It would have said the same of every update" }).waitFor();
    await put.click();
    await dialog().getByLabel("Why").fill("to see it");
    await dialog().getByText('@id("mine")').waitFor();
    expect(existsSync(path)).toBe(false);
    await dialog().getByRole("button", { name: "Write it" }).click();
    await dialog().waitFor({ state: "detached" });
    await until("the file is written", () => (existsSync(path) ? true : undefined));
    const { texts } = await instance.ask<OutputOf<"policy.show">>("GET", "/v1/policy/show");
    expect(texts.find(({ file }) => file === "own.cedar")?.text).toBe(readFileSync(path, "utf8"));
    await until("the change is committed", async () => ((await instance.updatesNow())[0]?.outcome === "committed" ? true : undefined));
    await go("settings");
    await page().getByRole("button", { name: "Undo…" }).first().click();
    await dialog().getByRole("button", { name: "Put back what was there" }).click();
    await until("the file is gone", () => (existsSync(path) ? undefined : true));
    await until("that is committed", async () => ((await instance.updatesNow())[0]?.outcome === "committed" ? true : undefined));
  });

  it("a draft of policies is tried on the past, and one with a mistake is not", async () => {
    await go("policy");
    await page().getByRole("tab", { name: "Try and change" }).click();
    const draft = page().getByLabel("Policies, in Cedar");
    await draft.fill('@id("none") @because("nothing goes") forbid (principal, action == Instar::Action::"proceed", resource);');
    await page().getByRole("button", { name: "Try it on the past" }).click();
    await page()
      .getByRole("heading", { name: /would have come out otherwise/ })
      .waitFor();
    await draft.fill("permit (");
    await page().getByRole("button", { name: "Try it on the past" }).click();
    await page().getByRole("heading", { name: "What is wrong with the draft" }).waitFor();
    await page().getByRole("tab", { name: "Tests" }).click();
    await page().getByText("a patch proceeds").waitFor();
    await page().getByRole("tab", { name: "Who may do what" }).click();
    await page()
      .getByRole("row", { name: /^viewer/ })
      .getByText("✕ no")
      .waitFor();
  });

  it("a task is added with its times looked at, paused and run", async () => {
    await go("schedule");
    await page().getByRole("button", { name: "Add a task…" }).click();
    await dialog().getByLabel("Name").fill("night");
    await dialog().getByLabel(/^When/).fill("soon");
    await dialog().getByRole("button", { name: "Add it" }).click();
    await dialog().getByRole("alert").getByText("When: a time between runs").waitFor();
    await dialog().getByLabel(/^When/).fill("0 3 * * *");
    await dialog().getByRole("button", { name: "Add it" }).click();
    await page().getByRole("heading", { name: "night" }).waitFor();
    await page().getByRole("button", { name: "Run now…" }).click();
    await dialog().getByRole("button", { name: "Run it" }).click();
    await dialog().waitFor({ state: "detached" });
    await page().getByRole("button", { name: "Pause…" }).click();
    await dialog().getByLabel(/^Why/).fill("a rest");
    await dialog().getByRole("button", { name: "Pause it" }).click();
    await page().getByText("Paused:").waitFor();
    await page().getByRole("button", { name: "Its times and runs" }).click();
    await page().getByText("✓ done").waitFor();
  });

  it("a backup is made while one looks on, verified, and what restoring would do is said before", async () => {
    await go("backups");
    await page().getByRole("button", { name: "Back up now…" }).click();
    await dialog().getByLabel(/^Tag/).fill("by-hand");
    await dialog().getByRole("button", { name: "Back up", exact: true }).click();
    await page()
      .getByText(/is made: \d+ files/)
      .waitFor();
    await page().getByText("tagged by-hand").waitFor();
    await page().getByRole("button", { name: "Verify…" }).first().click();
    await dialog().getByRole("button", { name: "Verify it" }).click();
    await page().getByText("was restored aside, and every byte is what was written").waitFor();
    await page().getByRole("button", { name: "Restore…" }).first().click();
    await dialog().getByText("What would no longer be in service").waitFor();
    await dialog().getByRole("button", { name: "Leave it" }).click();
    await page().getByRole("button", { name: "Prune…" }).click();
    await dialog()
      .getByLabel(/^How many stay/)
      .fill("1");
    await dialog()
      .getByText(/At most .* come back/)
      .waitFor();
    await dialog().getByRole("button", { name: "Leave it" }).click();
  });

  it("a version is skipped and taken again, and sources are asked at once", async () => {
    await go("sources");
    await page().getByRole("button", { name: "Skip a version…" }).click();
    await dialog().getByLabel("Version").fill("9.9.9");
    await dialog().getByLabel(/^Why/).fill("not this one");
    await dialog().getByRole("button", { name: "Skip it" }).click();
    await page().getByText("not this one").waitFor();
    await page().getByRole("button", { name: "Take 9.9.9 again…" }).click();
    await dialog().getByRole("button", { name: "Let it be taken" }).click();
    await page().getByText("No version is skipped.").waitFor();
    await page().getByRole("button", { name: "Check now…" }).click();
    await dialog().getByRole("button", { name: "Check now" }).click();
    await dialog().waitFor({ state: "detached" });
  });

  it("a report's figure leads to its entry", async () => {
    await go("reports");
    await page().locator(".report-figure .report-entries summary").first().click();
    await page().locator(".report-figure .report-entry").first().click();
    await page()
      .getByRole("heading", { name: /^Entry \d+$/ })
      .waitFor();
  });

  it("a version under watch is seen beside the one before, and confirmed", async () => {
    await instance.ask("POST", "/v1/update/hold", { because: "a person starts the next one" });
    const commit = instance.publish("1.0.3", { "crash.js": "export function crashSoon() {}\n" });
    const { id } = await instance.ask<{ id: string }>("POST", "/v1/update/apply", { target: commit, confirmWithin: "10m" });
    await until("it is watched", async () => ((await instance.statusNow())?.observation?.update === id ? true : undefined));
    for (let at = 0; at < 40; at += 1) await instance.served();
    await go("observation");
    await page().getByRole("heading", { name: "Watching 1.0.3" }).waitFor();
    const cursor = page().getByRole("slider", { name: "Moment in the chart of Requests" });
    await cursor.waitFor();
    await until("the newest span is drawn", async () => ((await page().locator(".u-over").count()) > 0 ? true : undefined));
    await cursor.focus();
    await page().keyboard.press("Home");
    expect(await cursor.getAttribute("aria-valuetext")).toMatch(/^\d{4}-\d\d-\d\d .*: /);
    await page().getByRole("button", { name: "Confirm this version…" }).click();
    await dialog().getByRole("button", { name: "Confirm it" }).click();
    expect((await instance.ended("1.0.3")).outcome).toBe("committed");
    await page().getByText("No version is under watch").waitFor();
  });

  it("the guide ticks itself off by what is", async () => {
    await go("guide");
    const done = page().locator(".guide-point", { hasText: "An update went through" });
    await done.getByText("✓ done").waitFor();
    await page().locator(".guide-point", { hasText: "The agent cannot write where its judge stands" }).getByText("… to do").waitFor();
  });

  for (const scheme of ["light", "dark"] as const)
    it(`every page with data in it is without a fault of access, in ${scheme} colours`, async () => {
      await page().emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
      for (const name of Object.keys(PAGES) as (keyof typeof PAGES)[]) {
        await go(name);
        await settled();
        // Typed as text: what runs there is the page's, and knows nothing of here.
        const found = (await page().evaluate(`(async () => {
          ${AXE}
          const { violations } = await axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] });
          return violations.map(({ id, nodes }) => id + ": " + nodes.slice(0, 3).map(({ target, failureSummary }) => target + " " + failureSummary).join("; "));
        })()`)) as string[];
        expect(found, name).toEqual([]);
      }
    });

  it("no page is wider than a phone, asks another host, or breaks the policy of its content", async () => {
    await page().setViewportSize({ width: 360, height: 740 });
    for (const name of Object.keys(PAGES) as (keyof typeof PAGES)[]) {
      await go(name);
      await settled();
      expect(await page().evaluate("document.documentElement.scrollWidth"), name).toBeLessThanOrEqual(360);
    }
    expect(window.complaints).toEqual([]);
    expect([...window.hosts].filter((host) => !host.startsWith("localhost:"))).toEqual([]);
  });
});
