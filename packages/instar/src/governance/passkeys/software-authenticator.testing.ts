import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import type { AssertionResponse, RegistrationResponse } from "@instar/protocol";

export interface Ceremony {
  readonly origin: string;
  /** As the browser says it where a page of somebody else asks. */
  readonly crossOrigin?: boolean;
  readonly type?: string;
  readonly isPresent?: boolean;
  readonly isVerified?: boolean;
  /** The name that the authenticator is told; a real one takes no other than the page's. */
  readonly host?: string;
  readonly counter?: number;
}

/** An authenticator and its browser in a few lines, after WebAuthn §6: for tests, which a real one cannot be told to cheat in. */
export class SoftwareAuthenticator {
  readonly id = randomBytes(20).toString("base64url");
  readonly #keys: { readonly publicKey: KeyObject; readonly privateKey: KeyObject };
  readonly #algorithm: "ES256" | "EdDSA" | "RS256";
  counter = 0;

  constructor(algorithm: "ES256" | "EdDSA" | "RS256" = "ES256") {
    this.#algorithm = algorithm;
    this.#keys =
      algorithm === "ES256"
        ? generateKeyPairSync("ec", { namedCurve: "P-256" })
        : algorithm === "EdDSA"
          ? generateKeyPairSync("ed25519")
          : generateKeyPairSync("rsa", { modulusLength: 2_048 });
  }

  get key(): string {
    return this.#keys.publicKey.export({ format: "der", type: "spki" }).toString("base64");
  }

  make({ challenge, rp }: { readonly challenge: string; readonly rp: { readonly id: string } }, ceremony: Ceremony): RegistrationResponse {
    const id = Buffer.from(this.id, "base64url");
    const attested = Buffer.concat([Buffer.alloc(16), Buffer.from([id.length >> 8, id.length & 0xff]), id, this.#coseKey()]);
    const data = Buffer.concat([this.#head(ceremony.host ?? rp.id, ceremony, 0x40), attested]);
    const attestationObject = cborMap([
      [cborText("fmt"), cborText("none")],
      [cborText("attStmt"), cborMap([])],
      [cborText("authData"), cborBytes(data)],
    ]);
    const clientDataJSON = clientData("webauthn.create", challenge, ceremony);
    return {
      ...{ id: this.id, rawId: this.id, type: "public-key" },
      response: { clientDataJSON: clientDataJSON.toString("base64url"), attestationObject: attestationObject.toString("base64url") },
    };
  }

  sign({ challenge, rpId }: { readonly challenge: string; readonly rpId: string }, ceremony: Ceremony): AssertionResponse {
    this.counter += 1;
    const client = clientData("webauthn.get", challenge, ceremony);
    const data = this.#head(ceremony.host ?? rpId, { ...ceremony, counter: ceremony.counter ?? this.counter }, 0);
    const signed = Buffer.concat([data, createHash("sha256").update(client).digest()]);
    const signature = sign(this.#algorithm === "EdDSA" ? null : "sha256", signed, this.#keys.privateKey);
    return {
      ...{ id: this.id, rawId: this.id, type: "public-key" },
      response: {
        clientDataJSON: client.toString("base64url"),
        authenticatorData: data.toString("base64url"),
        signature: signature.toString("base64url"),
      },
    };
  }

  #head(host: string, { isPresent = true, isVerified = true, counter = 0 }: Ceremony, more: number): Buffer {
    const count = Buffer.alloc(4);
    count.writeUInt32BE(counter);
    return Buffer.concat([createHash("sha256").update(host).digest(), Buffer.from([(isPresent ? 1 : 0) | (isVerified ? 4 : 0) | more]), count]);
  }

  #coseKey(): Buffer {
    const { x = "", y = "", n = "", e = "" } = this.#keys.publicKey.export({ format: "jwk" }) as Record<string, string>;
    const bytes = (text: string) => cborBytes(Buffer.from(text, "base64url"));
    switch (this.#algorithm) {
      case "ES256":
        return cborMap([
          [Buffer.from([0x01]), Buffer.from([0x02])],
          [Buffer.from([0x03]), Buffer.from([0x26])],
          [Buffer.from([0x20]), Buffer.from([0x01])],
          [Buffer.from([0x21]), bytes(x)],
          [Buffer.from([0x22]), bytes(y)],
        ]);
      case "EdDSA":
        return cborMap([
          [Buffer.from([0x01]), Buffer.from([0x01])],
          [Buffer.from([0x03]), Buffer.from([0x27])],
          [Buffer.from([0x20]), Buffer.from([0x06])],
          [Buffer.from([0x21]), bytes(x)],
        ]);
      case "RS256":
        return cborMap([
          [Buffer.from([0x01]), Buffer.from([0x03])],
          [Buffer.from([0x03]), Buffer.from([0x39, 0x01, 0x00])],
          [Buffer.from([0x20]), bytes(n)],
          [Buffer.from([0x21]), bytes(e)],
        ]);
      default:
        return this.#algorithm satisfies never;
    }
  }
}

const clientData = (type: string, challenge: string, ceremony: Ceremony): Buffer =>
  Buffer.from(JSON.stringify({ type: ceremony.type ?? type, challenge, origin: ceremony.origin, crossOrigin: ceremony.crossOrigin ?? false }));

/** As much of CBOR (RFC 8949) as an attestation has. */
const cborHead = (major: number, length: number): Buffer =>
  length < 24
    ? Buffer.from([(major << 5) | length])
    : length < 256
      ? Buffer.from([(major << 5) | 24, length])
      : Buffer.from([(major << 5) | 25, length >> 8, length & 0xff]);
const cborBytes = (bytes: Buffer): Buffer => Buffer.concat([cborHead(2, bytes.length), bytes]);
const cborText = (text: string): Buffer => Buffer.concat([cborHead(3, text.length), Buffer.from(text)]);
const cborMap = (entries: readonly (readonly [Buffer, Buffer])[]): Buffer => Buffer.concat([cborHead(5, entries.length), ...entries.flat()]);
