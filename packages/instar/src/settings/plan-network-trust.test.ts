import { describe, expect, it } from "vitest";
import { planNetworkTrust } from "./plan-network-trust.ts";

describe("what a network wants trusted", () => {
  it("is nothing where the operator's shell names no certificates", () => {
    expect(planNetworkTrust({ PATH: "/bin", NODE_EXTRA_CA_CERTS: "" }).value).toBeUndefined();
    expect(planNetworkTrust({ NODE_EXTRA_CA_CERTS: "relative.pem" }).value).toBeUndefined();
  });

  it("reaches jobs by the same variables, and npm by its own", () => {
    expect(planNetworkTrust({ NODE_EXTRA_CA_CERTS: "/etc/ssl/certs/ca-certificates.crt", PIP_CERT: "/etc/ssl/certs/ca-certificates.crt" }).value).toEqual({
      environment: {
        NODE_EXTRA_CA_CERTS: "/etc/ssl/certs/ca-certificates.crt",
        PIP_CERT: "/etc/ssl/certs/ca-certificates.crt",
        npm_config_cafile: "/etc/ssl/certs/ca-certificates.crt",
      },
      readable: [],
    });
  });

  it("may be a file that jobs could not read otherwise", () => {
    expect(planNetworkTrust({ SSL_CERT_FILE: "/opt/company/ca.pem", REQUESTS_CA_BUNDLE: "/opt/company/ca.pem" }).value?.readable).toEqual([
      "/opt/company/ca.pem",
    ]);
  });
});
