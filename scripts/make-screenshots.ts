// `npm run screenshots`: the pictures of the docs, from a real instance with a real update that waits for a person, in a real browser.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { TestBrowser } from "../tests/e2e/browser.ts";
import { TestInstance, until } from "../tests/e2e/test-instance.ts";
import { buildConsole } from "./build-console.ts";
import { ROOT } from "./read-project.ts";

const IMAGES = join(ROOT, "docs", "images");

const CHANGED = `
/** How long a caller is remembered, in minutes. */
const REMEMBERED = 45;

export function isRemembered(seenAt, now) {
  return now - seenAt < REMEMBERED * 60_000;
}
`;

mkdirSync(IMAGES, { recursive: true });
await buildConsole((line) => process.stderr.write(`screenshots: ${line}\n`));
const instance = await TestInstance.create();
const browser = await TestBrowser.start();
try {
  await instance.start();
  const admin = instance.json<{ secret: string }>("token", "create", "root", "--role", "admin").secret;
  const ada = instance.jsonAs<{ secret: string }>(admin, "token", "create", "ada", "--role", "approver").secret;
  instance.publish("1.0.1", { "answer.js": (text) => `${text}\n/** How many callers are greeted at once. */\nexport const greetedAtOnce = 4;\n` });
  await instance.ended("1.0.1");
  for (let request = 0; request < 120; request += 1) await instance.served();
  instance.publish("1.0.2", { "auth.js": CHANGED, "server.js": (text) => `${text}\n// who reads this sees \u202Eit all\u2066\n` });
  const update = await until("the update waits for a person", async () =>
    (await instance.updatesNow()).find(
      ({ versionTo, steps }) => versionTo === "1.0.2" && steps.some(({ id, state }) => id === "approve" && state === "waiting"),
    ),
  );
  await shoot("overview", "/", { width: 1_280, height: 860 }, "light");
  await shoot("diff", `/updates/${update.id}?tab=diff`, { width: 1_280, height: 860 }, "dark");
  await shoot("impact", `/updates/${update.id}?tab=impact`, { width: 1_280, height: 860 }, "light");
  await shoot("phone", `/updates/${update.id}`, { width: 360, height: 740 }, "dark");

  async function shoot(name: string, path: string, viewport: { width: number; height: number }, colorScheme: "light" | "dark"): Promise<void> {
    const window = await browser.open({ viewport, colorScheme });
    await window.signInAs(instance, ada);
    await window.go(path);
    await window.settle();
    if (name === "phone") {
      await window.page.getByRole("button", { name: "Approve…" }).click();
      await window.page.getByRole("dialog").getByText("Exchange old for new").waitFor();
    }
    await window.page.screenshot({ path: join(IMAGES, `${name}.png`), animations: "disabled", caret: "hide" });
    process.stdout.write(`wrote docs/images/${name}.png\n`);
    await window.end();
  }
} finally {
  await browser.end();
  instance.end();
}
