import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestBrowser } from "../../tests/e2e/browser.ts";

export interface FirstLoad {
  /** As it came over the wire, compressed. */
  readonly bytes: number;
  /** From the beginning of the navigation until what the page is about stands on it. */
  readonly ms: number;
}

/** Loads an address in a browser that has never been there. What the daemon is asked for is no part of the load: it is as much as it has to say. */
export async function measureFirstLoad(browser: TestBrowser, address: string, isThere: string): Promise<FirstLoad> {
  const window = await browser.open();
  try {
    const { page } = window;
    const sizes: Promise<{ responseBodySize: number; responseHeadersSize: number }>[] = [];
    page.on("requestfinished", (request) => {
      if (!/\/v1\/|\/console\/session/.test(request.url())) sizes.push(request.sizes());
    });
    await page.goto(address, { waitUntil: "commit" });
    await page.waitForSelector(isThere);
    const ms = (await page.evaluate("performance.now()")) as number;
    const bytes = (await Promise.all(sizes)).reduce((sum, { responseBodySize, responseHeadersSize }) => sum + responseBodySize + responseHeadersSize, 0);
    return { bytes, ms };
  } finally {
    await window.end();
  }
}

/** The peer: the same rows as a page without any script, as a program could print it. */
export async function servePlainTable(rows: readonly (readonly string[])[]): Promise<{ readonly address: string; close(): void }> {
  const body = rows.map((cells) => `<tr>${cells.map((cell) => `<td>${cell.replaceAll("&", "&amp;").replaceAll("<", "&lt;")}</td>`).join("")}</tr>`).join("\n");
  const server = createServer((_, response) => {
    response
      .setHeader("content-type", "text/html; charset=utf-8")
      .end(`<!doctype html><title>Updates</title><main><h1>Updates</h1><table>${body}</table></main>`);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { address: `http://localhost:${(server.address() as AddressInfo).port}/`, close: () => server.close() };
}
