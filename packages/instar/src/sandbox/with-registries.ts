import { openRegistryProxy, type RegistryProxyOptions } from "./registry-proxy.ts";
import type { Confinement, Entered, EnteredProgram, SandboxAdapter } from "./sandbox.ts";
import { planWarden, readWardenFiles } from "./warden-program.ts";

/**
 * An adapter whose jobs may also have the network of kind "registries": inside it is "private", and a warden in there leads one port of the loopback
 * to a proxy out here, whose address the program finds in the usual variables. The adapter itself need not know any of it.
 */
export function withRegistries(adapter: SandboxAdapter, options: Pick<RegistryProxyOptions, "resolve"> = {}): SandboxAdapter {
  return {
    name: adapter.name,
    canPlace: adapter.canPlace,
    describe: (how) => adapter.describe(how),
    enter: (confinement, program) =>
      confinement.network.kind === "registries"
        ? enter(adapter, { ...confinement, network: confinement.network }, program, options)
        : adapter.enter(confinement, program),
  };
}

type ForRegistries = Confinement & { readonly network: { readonly kind: "registries"; readonly hosts: readonly string[] } };

async function enter(
  adapter: SandboxAdapter,
  confinement: ForRegistries,
  program: EnteredProgram,
  options: Pick<RegistryProxyOptions, "resolve">,
): Promise<Entered> {
  const proxy = await openRegistryProxy({ ...options, hosts: confinement.network.hosts, scratch: confinement.scratch });
  try {
    const entered = await adapter.enter(
      { ...confinement, network: { kind: "private" }, readable: [...confinement.readable, ...readWardenFiles(), proxy.folder] },
      planWarden("registries", proxy.folder, program),
    );
    return {
      ...entered,
      leave: async () => {
        try {
          await entered.leave();
        } finally {
          await proxy.close();
        }
      },
    };
  } catch (error) {
    await proxy.close();
    throw error;
  }
}
