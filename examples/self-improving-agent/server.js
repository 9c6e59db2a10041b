import { createServer } from "node:http";
import { answer, version } from "./answer.js";
import { askModel } from "./improve/ask-model.js";
import { keepImproving } from "./improve/keep-improving.js";
import { RequestBook } from "./requests/request-book.js";
import { convert } from "./skills/convert.js";

const { PORT = "3000", STATE_DIR = "./data", INSTAR_DOOR, IMPROVE, MODEL_URL, MODEL_NAME, MODEL_KEY, ATTEMPTS_PER_HOUR = "6" } = process.env;
const book = new RequestBook(STATE_DIR, Date.now);
const stopping = new AbortController();

const server = createServer((request, response) => {
  request.resume();
  const { status, body } = answer(request.method, request.url, book);
  response.writeHead(status, { "content-type": "application/json", "x-agent-version": version }).end(JSON.stringify(body));
});
server.listen(Number(PORT), "127.0.0.1", () => console.log(`agent ${version} listens on ${PORT}`));

const isAble = IMPROVE !== "off" && INSTAR_DOOR !== undefined && MODEL_URL !== undefined && MODEL_NAME !== undefined;
if (!isAble) console.log("it does not improve itself: INSTAR_DOOR, MODEL_URL or MODEL_NAME is not set, or IMPROVE is off");
const improving = isAble
  ? keepImproving({
      doorPath: INSTAR_DOOR,
      signal: stopping.signal,
      book,
      ask: (asked) => askModel({ url: MODEL_URL, name: MODEL_NAME, key: MODEL_KEY }, asked, stopping.signal),
      answerOf: (question) => convert(question).value,
      now: Date.now,
      attemptsPerHour: Number(ATTEMPTS_PER_HOUR),
    })
  : undefined;

process.on("SIGTERM", () => {
  stopping.abort();
  server.close(async () => {
    await improving;
    process.exit(0);
  });
  server.closeIdleConnections();
});
