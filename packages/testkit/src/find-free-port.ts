import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/** Above what instances take by themselves, below what any system gives to outgoing connections (Linux: 32768 and up); rows apart from single ones. */
const [ROWS, SINGLE, END] = [10_000, 20_000, 32_000];

/**
 * A port of 127.0.0.1 that nobody listens on. No outgoing connection of another test can take it before its owner does, nor while its owner is dead,
 * which is what happens to ports that the system chose (`listen(0)`).
 */
export async function findFreePort(): Promise<number> {
  for (;;) {
    const port = SINGLE + randomInt(END - SINGLE);
    if (await isPortFree(port)) return port;
  }
}

/** The first of `count` free ports in a row. */
export async function findFreePorts(count: number): Promise<number> {
  for (;;) {
    const first = ROWS + randomInt(SINGLE - ROWS - count);
    const free = await Promise.all(Array.from({ length: count }, (_, index) => isPortFree(first + index)));
    if (free.every(Boolean)) return first;
  }
}

function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false)).listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
