import { createHmac } from "node:crypto";
import type { SignedBody } from "./judge-signature.ts";

/** Signs as the senders do, for tests. */
export const hexSignature = (secret: string, body: string | Uint8Array) => `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;

export const json = (value: unknown) => JSON.stringify(value);

export function signGithub(event: string, body: string, secret: string, more: Readonly<Record<string, string>> = {}): SignedBody {
  const headers = { "content-type": "application/json", "x-github-event": event, "x-github-delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958" };
  return { headers: { ...headers, "x-hub-signature-256": hexSignature(secret, body), ...more }, body: Buffer.from(body) };
}

export function signStandard(body: string, secret: string, { id = "msg_1", atMs }: { id?: string; atMs: number }): SignedBody {
  const timestamp = String(Math.floor(atMs / 1_000));
  const key = secret.startsWith("whsec_") ? Buffer.from(secret.slice("whsec_".length), "base64") : Buffer.from(secret);
  const signature = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64");
  const headers = { "content-type": "application/json", "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": `v1,${signature}` };
  return { headers, body: Buffer.from(body) };
}

export const COMMIT = "6113728f27ae82c7b1a177c8d03f9e96e0adf246";
export const TAG_OBJECT = "82b3d5ae55f7080f1e6022629cdb57bfae7cccc7";
export const githubPush = (more: object = {}) => ({
  ref: "refs/heads/main",
  before: "0".repeat(40),
  after: COMMIT,
  created: false,
  deleted: false,
  head_commit: { id: COMMIT, message: "one" },
  repository: { id: 186853002, full_name: "Codertocat/Hello-World", private: false },
  ...more,
});
export const gitlabPush = (more: object = {}) => ({
  object_kind: "push",
  event_name: "push",
  ref: "refs/heads/master",
  before: "95790bf891e76fee5e1747ab589903a6a1f80f22",
  after: "da1560886d4f094c3e6c9ef40349f7d38b5d27d7",
  checkout_sha: "da1560886d4f094c3e6c9ef40349f7d38b5d27d7",
  project: { id: 15, path_with_namespace: "mike/diaspora" },
  ...more,
});
