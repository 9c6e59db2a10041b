import type { TestWindow } from "../../tests/e2e/browser.ts";
import type { TestInstance } from "../../tests/e2e/test-instance.ts";
import { nowMs, sleep } from "../bench-clock.ts";

export interface Delays {
  /** From each press, letter or choice until the page had drawn what came of it; by the browser's own count, in steps of 8 ms. */
  readonly delaysMs: readonly number[];
  /** What the daemon was told meanwhile, each of which it tells the page. */
  readonly perSecond: number;
}

/** Letters, choices, turns of the list and of the theme, while the daemon is told something new all the time. */
export async function measureDelays(instance: TestInstance, window: TestWindow, token: string, rounds: number): Promise<Delays> {
  const { page } = window;
  await page.evaluate(`(() => {
    window.delays = [];
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) if (entry.interactionId > 0) window.delays.push(entry.duration);
    }).observe({ type: "event", durationThreshold: 16, buffered: false });
    // Quicker ones than the browser reports are counted as its least.
    window.pressed = 0;
    for (const kind of ["keydown", "pointerdown"]) addEventListener(kind, () => { window.pressed += 1; }, { capture: true });
  })()`);
  const ending = new AbortController();
  const telling = tell(instance, token, ending.signal);
  const version = page.getByLabel("Version or commit begins with");
  for (let round = 0; round < rounds; round += 1) {
    await version.click();
    await page.keyboard.type("0.0.7", { delay: 60 });
    await page.waitForTimeout(300);
    for (let letter = 0; letter < 5; letter += 1) await page.keyboard.press("Backspace", { delay: 20 });
    await page.getByRole("region", { name: "Updates" }).focus();
    for (let turn = 0; turn < 6; turn += 1) await page.keyboard.press("PageDown", { delay: 40 });
    await page.getByLabel(round % 2 === 0 ? "Dark" : "Light").click();
    await page.waitForTimeout(200);
  }
  ending.abort();
  const perSecond = await telling;
  const [seen, pressed] = (await page.evaluate("[window.delays, window.pressed]")) as [number[], number];
  return { delaysMs: [...seen, ...Array.from({ length: Math.max(0, pressed - seen.length) }, () => 8)], perSecond };
}

/** Fifty a second, or as many as the daemon takes. */
async function tell(instance: TestInstance, token: string, signal: AbortSignal): Promise<number> {
  const beganMs = nowMs();
  const underWay = new Set<Promise<unknown>>();
  let told = 0;
  while (!signal.aborted) {
    const one = instance.askAs(token, "POST", told % 2 === 0 ? "/v1/update/hold" : "/v1/update/unhold", {}).catch(() => undefined);
    underWay.add(one);
    void one.then(() => underWay.delete(one));
    if (underWay.size > 20) await Promise.race(underWay);
    told += 1;
    await sleep(Math.max(0, beganMs + told * 20 - nowMs()), signal).catch(() => undefined);
  }
  await Promise.all(underWay);
  return told / ((nowMs() - beganMs) / 1_000);
}
