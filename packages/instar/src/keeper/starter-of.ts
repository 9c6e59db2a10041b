import type { Peer } from "./hand-over-line.ts";

/** The process that started this one with a line to it. */
export function starterOf(self: NodeJS.Process): Peer {
  return {
    get connected() {
      return self.connected;
    },
    on: (event, listener) => self.on(event, listener),
    once: (event, listener) => self.once(event, listener),
    send: (words, socket, flushed) => self.send?.(words, socket, undefined, flushed),
    disconnect: () => self.disconnect(),
  };
}
