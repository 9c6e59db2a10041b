import { chmodSync, mkdtempSync, rmSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../platform/clock.ts";
import { hasOpenssl, makeCertificate } from "../settings/make-certificate.testing.ts";
import type { CertificateFiles } from "../settings/read-server-certificate.ts";
import { checkCertificate } from "./check-certificate.ts";

const DAY_MS = 86_400_000;

/** Without the program `openssl` there is nothing that makes certificates. */
describe.skipIf(!hasOpenssl)("a certificate of thirty days", () => {
  let folder: string;
  let files: CertificateFiles;
  let madeMs: number;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "instar-certificate-"));
    files = makeCertificate(folder, "ours");
    madeMs = systemClock.wallMs();
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.each([
    [0, "pass", /fits its key and is valid until/],
    [19, "pass", /valid until/],
    [21, "fail", /^it expires on .*, and should have been renewed by now$/],
    [31, "fail", /^it expired on /],
    [-1, "fail", /^it is valid from .* on$/],
  ] as const)("on day %d: %s", async (day, verdict, because) => {
    expect(await checkCertificate(files, madeMs + day * DAY_MS)).toMatchObject([{ what: "certificate", verdict, because: expect.stringMatching(because) }]);
  });

  test.skipIf(process.platform === "win32")("with a key that everybody may read is spoken of; one that a group may is not", async () => {
    chmodSync(files.keyPath, 0o640);
    expect(await checkCertificate(files, madeMs)).toHaveLength(1);
    chmodSync(files.keyPath, 0o644);
    const [certificate, key] = await checkCertificate(files, madeMs);
    expect(certificate?.verdict).toBe("pass");
    expect(key).toMatchObject({
      verdict: "inconclusive",
      because: `every user of this machine may read ${files.keyPath}`,
      advice: `chmod o= ${files.keyPath}`,
    });
    chmodSync(files.keyPath, 0o600);
  });

  test("that cannot be read is no good", async () => {
    const broken = makeCertificate(folder, "broken");
    truncateSync(broken.keyPath, 10);
    expect(await checkCertificate(broken, madeMs)).toMatchObject([{ verdict: "fail", because: expect.stringMatching(/holds no private key/) }]);
  });
});
