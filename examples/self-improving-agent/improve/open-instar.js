import { readFile } from "node:fs/promises";

const WITHIN_MS = 60_000;

/**
 * Instar's tools. The door is read each time: after a start of the daemon it is another port.
 *
 * @param {string} doorPath INSTAR_DOOR: a file with `{ url, token }`
 * @returns {Promise<{ call(tool: string, input?: object): Promise<object>, close(): Promise<void> }>} `call` throws what the tool refuses, in its own words
 */
export async function openInstar(doorPath, signal) {
  const { Client, StreamableHTTPClientTransport } = await import("@modelcontextprotocol/client");
  const { url, token } = JSON.parse(await readFile(doorPath, "utf8"));
  const client = new Client({ name: "self-improving-agent", version: "1.0.0" }, { versionNegotiation: { mode: "auto" } });
  const options = { signal, timeout: WITHIN_MS };
  await client.connect(new StreamableHTTPClientTransport(new URL("/mcp", url), { requestInit: { headers: { authorization: `Bearer ${token}` } } }), options);
  return {
    async call(tool, input = {}) {
      const { structuredContent, isError } = await client.callTool({ name: tool, arguments: input }, options);
      if (isError === true) throw new Error(`${tool}: ${structuredContent?.message ?? "refused"} (${structuredContent?.code ?? "no code"})`);
      return structuredContent;
    },
    close: () => client.close(),
  };
}
