import { expect, test } from "vitest";
import type { AgentListing } from "./agent-listing.ts";
import { planTrustFinding } from "./plan-trust-finding.ts";

const listing = (files: Readonly<Record<string, string>>) => ({ texts: new Map(Object.entries(files)) }) as unknown as AgentListing;

test.each([
  ["Node's socket", { "a.js": 'if (request.socket.remoteAddress === "127.0.0.1") allow();' }],
  ["Express's request", { "a.ts": 'const isLocal = ["::1", "127.0.0.1"].includes(req.ip);' }],
  ["Starlette's client", { "a.py": 'if request.client.host in ("127.0.0.1", "::1"): return True' }],
  ["Flask's address", { "a.py": "if request.remote_addr == '127.0.0.1':" }],
  ["Go's address", { "a.go": 'if strings.HasPrefix(r.RemoteAddr, "127.0.0.1:") {' }],
  ["a function that says so", { "auth.ts": "if (isLoopbackAddress(clientIp) || isLoopback(clientIp)) return { ok: true };" }],
])("%s compared with loopback is trust in the connection", (_, files) => {
  expect(planTrustFinding(listing(files), ".")).toMatchObject({
    value: "connection",
    warning: expect.stringContaining("treats callers from this machine specially"),
  });
});

test.each([
  ["an agent that listens at loopback and asks nobody", { "a.js": 'server.listen(3000, "127.0.0.1");' }],
  ["an address that is only logged", { "a.js": "log(request.socket.remoteAddress)" }],
  ["a test of it", { "a.test.js": 'expect(request.socket.remoteAddress).toBe("127.0.0.1")' }],
])("%s is none", (_, files) => expect(planTrustFinding(listing(files), ".").value).toBeUndefined());

test("who reads forwarded lines is known to, and that they are there does not hide the trust", () => {
  expect(planTrustFinding(listing({ "a.js": 'app.set("trust proxy", 1)' }), ".")).toMatchObject({ value: "forwarded" });
  const both = planTrustFinding(listing({ "a.js": 'remoteAddress === "::1"', "b.js": 'headers["x-forwarded-for"]' }), ".");
  expect(both).toMatchObject({ value: "connection", warning: expect.stringContaining("b.js reads forwarded lines") });
});
