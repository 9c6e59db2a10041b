import { z } from "zod";
import { port } from "./setting-values.ts";

/** `door`: where the daemon listens for the command line, the protocol and the web console. Always on loopback, whatever is said here. */
export const doorSettings = z.strictObject({
  port: port.optional().describe("Left out, it is the port of last time where that is free, else any"),
  hosts: z
    .array(
      z
        .string()
        .regex(/^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)+$/, "must be a host's full name such as agent.example.org"),
    )
    .default([])
    .describe("Names besides localhost by which it may be called: of a proxy of yours before it, and of nobody else"),
});
