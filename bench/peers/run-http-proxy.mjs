// http-proxy-3 as its own pages advise for a busy proxy: connections to the agent are kept, and the forwarding headers are set.
// argv: the agent's port.
import { Agent, createServer } from "node:http";
import { createProxyServer } from "http-proxy-3";

const proxy = createProxyServer({ target: `http://127.0.0.1:${process.argv[2]}`, agent: new Agent({ keepAlive: true }), xfwd: true });
proxy.on("error", (_, __, response) => response.destroy());
const server = createServer((request, response) => proxy.web(request, response));
server.listen(0, "127.0.0.1", () => process.send({ port: server.address().port }));
process.on("disconnect", () => process.exit(0));
