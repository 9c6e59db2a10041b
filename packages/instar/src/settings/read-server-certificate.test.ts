import { execFileSync } from "node:child_process";
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../platform/clock.ts";
import { hasOpenssl, makeCertificate } from "./make-certificate.testing.ts";
import { type CertificateFiles, certificateFilesOf, readServerCertificate } from "./read-server-certificate.ts";

/** Without the program `openssl` there is nothing that makes certificates. */
describe.skipIf(!hasOpenssl)("a certificate and its key", () => {
  let folder: string;
  let files: CertificateFiles;
  let others: CertificateFiles;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "instar-certificate-"));
    files = makeCertificate(folder, "ours");
    others = makeCertificate(folder, "theirs");
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const written = (name: string, text: string | Buffer) => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };

  test("are given as they are on disk, with the time for which they are valid", async () => {
    const read = await readServerCertificate(files);
    expect(read.chain).toEqual(readFileSync(files.certificatePath));
    expect(read.key).toEqual(readFileSync(files.keyPath));
    expect(read.validUntilMs - read.validFromMs).toBe(30 * 86_400_000);
    expect(read.validFromMs).toBeLessThanOrEqual(systemClock.wallMs());
  });

  test("may be followed by those that vouch for it", async () => {
    const chain = written("chain.pem", readFileSync(files.certificatePath));
    appendFileSync(chain, readFileSync(others.certificatePath));
    expect((await readServerCertificate({ ...files, certificatePath: chain })).chain).toEqual(readFileSync(chain));
  });

  const half = (path: string) => readFileSync(path).subarray(0, 200);
  const refused: readonly (readonly [string, () => Partial<CertificateFiles>, RegExp])[] = [
    [
      "a certificate that is not there",
      () => ({ certificatePath: join(folder, "none.pem") }),
      /front\.tls\.certificate names .*none\.pem, and there is no such file/,
    ],
    ["a key that is not there", () => ({ keyPath: join(folder, "none.key") }), /front\.tls\.key names .*none\.key, and there is no such file/],
    ["a folder", () => ({ keyPath: folder }), /which front\.tls\.key names, cannot be read/],
    ["half a certificate", () => ({ certificatePath: written("half.pem", half(files.certificatePath)) }), /does not begin with a certificate in PEM/],
    ["half a key", () => ({ keyPath: written("half.key", half(files.keyPath)) }), /holds no private key in PEM/],
    ["an empty file", () => ({ certificatePath: written("empty.pem", "") }), /does not begin with a certificate in PEM/],
    ["another's key", () => ({ keyPath: others.keyPath }), /is not the key of the first certificate/],
    [
      "another's certificate in front of it",
      () => ({ certificatePath: written("wrong-order.pem", Buffer.concat([readFileSync(others.certificatePath), readFileSync(files.certificatePath)])) }),
      /is not the key of the first certificate/,
    ],
    [
      "a chain that breaks off",
      () => ({ certificatePath: written("broken-chain.pem", Buffer.concat([readFileSync(files.certificatePath), half(others.certificatePath)])) }),
      /cannot be used for TLS/,
    ],
    [
      "a key with a passphrase",
      () => {
        const keyPath = join(folder, "locked.key");
        execFileSync("openssl", ["pkcs8", "-topk8", "-in", files.keyPath, "-out", keyPath, "-passout", "pass:word"], { stdio: "ignore" });
        return { keyPath };
      },
      /without a passphrase/,
    ],
  ];
  test.each(refused)("are refused with %s", async (_, change, words) => {
    await expect(readServerCertificate({ ...files, ...change() })).rejects.toMatchObject({ code: "SETTINGS_INVALID", message: expect.stringMatching(words) });
  });

  test("lie where instar.yaml says, counted from its folder", async () => {
    mkdirSync(join(folder, "agent"));
    expect(certificateFilesOf({ certificate: "../ours.pem", key: files.keyPath }, join(folder, "agent"))).toEqual(files);
  });
});
