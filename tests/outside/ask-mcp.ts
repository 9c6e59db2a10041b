import { type Implementations, OPERATIONS, type Role } from "@instar/protocol";
import { Client, type ProtocolError, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import type { StdioClientTransport } from "@modelcontextprotocol/client/stdio";

export const ERAS = ["legacy", { pin: "2026-07-28" }] as const;
const open: Client[] = [];

/** After each test: what it connected is left open by nobody. */
export async function closeClients(): Promise<void> {
  for (const client of open.splice(0)) await client.close();
}

export async function connect(transport: StreamableHTTPClientTransport | StdioClientTransport, mode: (typeof ERAS)[number] = "legacy"): Promise<Client> {
  const client = new Client({ name: "tests", version: "0" }, { versionNegotiation: { mode } });
  open.push(client);
  await client.connect(transport);
  return client;
}

export const overHttp = (port: number, token: string, mode?: (typeof ERAS)[number]) =>
  connect(new StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${port}/mcp`), { requestInit: { headers: { authorization: `Bearer ${token}` } } }), mode);

/** Fake operations, of which one must say the truth: what the caller may. */
export const withMayDo = (implementations: Implementations): Implementations => ({
  ...implementations,
  whoami: async () => ({ ...{ name: "tester", role: "admin", token: null, scope: null, because: "" }, mayDo: OPERATIONS.map(({ name }) => name) }),
});
export const namesOf = async (client: Client) => (await client.listTools()).tools.map(({ name }) => name);
export const refusalOf = (asked: Promise<unknown>): Promise<ProtocolError> =>
  asked.then(
    (answer) => {
      throw new Error(`it was answered: ${JSON.stringify(answer)}`);
    },
    (error: ProtocolError) => error,
  );

/** Written out, so that no tool comes or goes unseen. */
export const LOOKING = [
  ...["code.status", "code.list", "code.read", "code.search", "code.diff", "code.progress", "code.deployments"],
  ...[
    "status",
    "plan",
    "impact",
    "logs",
    "update.list",
    "update.show",
    "update.output",
    "source.list",
    "source.events",
    "update.marks",
    "task.list",
    "task.show",
  ],
  ...["approval.list", "document.show", "policy.show", "policy.explain", "metrics", "update.explain", "rollback.plan", "incident.list", "audit.list"],
  ...["audit.report", "backup.list", "whoami", "health", "history"],
];
export const PROPOSING = [
  ...["code.write", "code.move", "code.delete", "code.patch", "code.reset", "code.check", "code.deploy", "code.acknowledge", "agent.note"],
  "update.check",
  "update.apply",
  "update.propose",
  "task.add",
  "task.pause",
  "task.resume",
  "task.remove",
  "task.run",
];
export const asTools = (names: readonly string[]) => names.map((name) => name.replaceAll(".", "_")).toSorted();
export const TOOLS_OF: Readonly<Record<Role, readonly string[]>> = {
  viewer: LOOKING,
  approver: LOOKING,
  agent: [...LOOKING, ...PROPOSING],
  operator: [...LOOKING, ...PROPOSING],
  admin: [...LOOKING, ...PROPOSING],
};
