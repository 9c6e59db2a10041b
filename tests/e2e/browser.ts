import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import type { TestInstance } from "./test-instance.ts";

const FOR_TESTS = ["--single-process"];
/** What this build of Chromium leaves out otherwise. */
const UNGUARDED = ["--disable-web-security", "--disable-site-isolation-trials", "--allow-running-insecure-content"];

/** A real Chromium, and what it said that a page must not make it say. Everything ends with `end()`. */
export class TestBrowser {
  readonly #browser: Browser;
  readonly #folder: string;

  private constructor(browser: Browser, folder: string) {
    this.#browser = browser;
    this.#folder = folder;
  }

  /**
   * The program is unpacked into the temporary folder of this process: it gets one of its own, which goes with it.
   * @param isGuarded as people have it: what keeps pages of different origins apart is on, and so is what a policy says of code in texts, which some of the tests' own waiting is
   */
  static async start({ isGuarded = false } = {}): Promise<TestBrowser> {
    const folder = mkdtempSync(join(tmpdir(), "instar-browser-"));
    const before = process.env.TMPDIR;
    mkdirSync(join(folder, "unpacked"));
    process.env.TMPDIR = join(folder, "unpacked");
    try {
      const { default: chromium } = await import("@sparticuz/chromium");
      const { chromium: playwright } = await import("playwright-core");
      const executablePath = await chromium.executablePath();
      // In one process, as on a machine of a function, the browser goes with its first window.
      const left = isGuarded ? [...FOR_TESTS, ...UNGUARDED] : FOR_TESTS;
      const args = chromium.args.filter((arg) => !left.includes(arg));
      const browser = await playwright.launch({ executablePath, args, headless: true, env: { ...process.env, HOME: folder, TMPDIR: folder } });
      return new TestBrowser(browser, folder);
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      throw error;
    } finally {
      if (before === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = before;
    }
  }

  /** A window of its own, with its own cookies. */
  async open(options: Parameters<Browser["newContext"]>[0] = {}): Promise<TestWindow> {
    const context = await this.#browser.newContext({ viewport: { width: 1_280, height: 900 }, ...options });
    return new TestWindow(context, await context.newPage());
  }

  async end(): Promise<void> {
    await this.#browser.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

export class TestWindow {
  readonly page: Page;
  /** Errors that a page threw, and what the policy of its content kept it from. */
  readonly complaints: string[] = [];
  /** Every host that it asked. */
  readonly hosts = new Set<string>();
  readonly #context: BrowserContext;

  constructor(context: BrowserContext, page: Page) {
    this.#context = context;
    this.page = page;
    page.on("pageerror", (error) => this.complaints.push(error.message));
    page.on("console", (message) => {
      if (/content security policy/i.test(message.text())) this.complaints.push(message.text());
    });
    page.on("request", (request) => this.hosts.add(new URL(request.url()).host));
  }

  /** Signs in as a person does: by the address that `instar console` prints, which it gives. */
  async signIn(instance: TestInstance): Promise<string> {
    const address = addressOf(instance);
    await this.page.goto(address);
    await this.page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
    return address;
  }

  /** Signs in by a token, as somebody with a role of his own. */
  async signInAs(instance: TestInstance, token: string): Promise<void> {
    const { port } = JSON.parse(readFileSync(join(instance.data, "daemon.json"), "utf8")) as { port: number };
    await this.page.goto(`http://localhost:${port}/console/`);
    await this.page.getByLabel("Token").fill(token);
    await this.page.getByRole("button", { name: "Sign in" }).click();
    await this.page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
  }

  /** Loads a page of the console, as a reload would: the tab is still signed in. */
  async go(path: string): Promise<void> {
    await this.page.goto(new URL(`/console${path}`, this.page.url()).href);
    await this.page.locator("main h1").waitFor();
  }

  /** Opens a tab of an update's page. */
  async tab(name: string): Promise<void> {
    const label = name === "about" ? "Overview" : `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
    await this.page.getByRole("tab", { name: label }).click();
    await this.settle();
  }

  /** Until nothing on the page says that it still asks. */
  async settle(): Promise<void> {
    await this.page.locator("main", { hasText: /Asking…|Comparing…|Bringing/ }).waitFor({ state: "detached" });
  }

  async end(): Promise<void> {
    await this.#context.close();
  }
}

function addressOf(instance: TestInstance): string {
  const { stdout, stderr } = instance.cli("console");
  const found = /http:\/\/localhost:\d+\/console\/\S*/.exec(stdout)?.[0];
  if (found === undefined) throw new Error(`instar console printed no address: ${stdout}${stderr}`);
  return found;
}
