import { createServer } from "node:http";
import { answer, version } from "./answer.js";
import { WriteJournal } from "./journal.js";

const journal = new WriteJournal(process.env.STATE_DIR ?? "./data");

const server = createServer((request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const { status, body } = answer(request.method, request.url, Buffer.concat(chunks).toString("utf8"), journal);
    response.writeHead(status, { "content-type": "application/json", "x-agent-version": version }).end(JSON.stringify(body));
  });
});

server.listen(Number(process.env.PORT ?? 3000), "127.0.0.1", () => console.log(`agent ${version} listens on ${process.env.PORT ?? 3000}`));

process.on("SIGTERM", () => {
  server.close(() => {
    journal.close();
    process.exit(0);
  });
  server.closeIdleConnections();
});
