import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { type AddressInfo, createServer, type Server } from "node:net";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AnswerReader } from "./read-answer.ts";

/** What an answer says. The tests compare what was said with what was understood, here and by node:http's own strict client. */
interface Understood {
  interims: { statusCode: number; statusMessage: string; rawHeaders: string[] }[];
  statusCode: number;
  statusMessage: string;
  rawHeaders: string[];
  body: string;
  rawTrailers: string[];
}

const OK = "HTTP/1.1 200 OK\r\n";
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`;

describe("an answer that can be read in one way", () => {
  test.each([
    ["with a length", `${OK}Content-Length: 5\r\n\r\nhello`, { body: "hello", isPersistent: true }],
    ["with a length of nothing", `${OK}Content-Length: 0\r\n\r\n`, { body: "", isPersistent: true }],
    ["in chunks", `${CHUNKED}3\r\nabc\r\nA;x="y;\\"";z\r\n0123456789\r\n0\r\n\r\n`, { body: "abc0123456789", isPersistent: true }],
    ["in chunks, with trailers", `${CHUNKED}1\r\na\r\n0\r\nX-Sum:  1 \r\nx-sum: 2\r\n\r\n`, { body: "a", rawTrailers: ["X-Sum", "1", "x-sum", "2"] }],
    ["until the end of its connection", `${OK}\r\nall of it`, { body: "all of it", isPersistent: false }],
    ["that ends its connection", `${OK}Connection: x, CLOSE\r\nContent-Length: 1\r\n\r\na`, { body: "a", isPersistent: false }],
    ["of an agent that keeps connections for a second", `${OK}Keep-Alive: timeout=1, max=9\r\nContent-Length: 0\r\n\r\n`, { isPersistent: false }],
    ["of an agent that keeps connections for longer", `${OK}Keep-Alive: timeout=15\r\nContent-Length: 0\r\n\r\n`, { isPersistent: true }],
    ["of HTTP/1.0", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\na", { body: "a", isPersistent: false }],
    ["without a reason", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", { statusMessage: "" }],
    ["204, whatever it says of a body", "HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\n", { body: "", isPersistent: true }],
    ["304 with the length of what it does not send", "HTTP/1.1 304 Same\r\nContent-Length: 5\r\n\r\n", { body: "" }],
    ["after interim answers", `HTTP/1.1 100 Go\r\n\r\nHTTP/1.1 103 Hint\r\nLink: </a>\r\n\r\n${OK}Content-Length: 0\r\n\r\n`, { statusCode: 200 }],
    [
      "with bytes above 127",
      `HTTP/1.1 200 \xe9\r\nX: \xff\t\xfe\r\nContent-Length: 0\r\n\r\n`,
      { statusMessage: "\xe9", rawHeaders: ["X", "\xff\t\xfe", "Content-Length", "0"] },
    ],
  ])("%s, in one piece or byte by byte", (_, bytes, expected) => {
    for (const pieces of [[bytes], [...bytes]]) expect(read("GET", pieces)).toMatchObject({ ...expected, unread: 0 });
  });

  test("an answer to HEAD has no body, whatever its head says", () => {
    expect(read("HEAD", [`${OK}Content-Length: 5\r\n\r\n`])).toMatchObject({ body: "", isPersistent: true });
    expect(read("HEAD", [CHUNKED])).toMatchObject({ body: "", isPersistent: true });
  });

  test("what follows an answer is not a part of it", () => {
    expect(read("GET", [`${OK}Content-Length: 2\r\n\r\nabHTTP/1.1`])).toMatchObject({ body: "ab", unread: 8 });
    expect(read("GET", ["HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n\x81\x00"])).toMatchObject({ statusCode: 101, unread: 2, isPersistent: false });
  });
});

test.each([
  ["nothing", ""],
  ["another protocol", "SSH-2.0-OpenSSH\r\n"],
  ["another protocol, without a line", "SSH-2.0"],
  ["a line before its status line", `\r\n${OK}Content-Length: 0\r\n\r\n`],
  ["HTTP/2.0", "HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n"],
  ["HTTP/1.2", "HTTP/1.2 200 OK\r\nContent-Length: 0\r\n\r\n"],
  ["a version in small letters", "http/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"],
  ["a status of two digits", "HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n"],
  ["a status of four digits", "HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n"],
  ["a status below 100", "HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n"],
  ["two spaces before its status", "HTTP/1.1  200 OK\r\nContent-Length: 0\r\n\r\n"],
  ["a NUL in its reason", "HTTP/1.1 200 O\0K\r\nContent-Length: 0\r\n\r\n"],
  ["a carriage return in its reason", "HTTP/1.1 200 O\rK\r\nContent-Length: 0\r\n\r\n"],
  ["two different lengths", `${OK}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`],
  ["the same length twice", `${OK}Content-Length: 1\r\ncontent-length: 1\r\n\r\na`],
  ["a list of lengths", `${OK}Content-Length: 1, 1\r\n\r\na`],
  ["an empty length", `${OK}Content-Length: \r\n\r\n`],
  ["a signed length", `${OK}Content-Length: +1\r\n\r\na`],
  ["a negative length", `${OK}Content-Length: -1\r\n\r\na`],
  ["a length in hexadecimal", `${OK}Content-Length: 0x1\r\n\r\na`],
  ["a length with a fraction", `${OK}Content-Length: 1.0\r\n\r\na`],
  ["a length that no number holds", `${OK}Content-Length: 9007199254740993\r\n\r\na`],
  ["a length beside chunks", `${OK}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ["chunks beside a length", `${OK}Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n`],
  ["chunked twice", `${OK}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ["another coding before chunked", `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
  ["another coding after chunked", `${OK}Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n`],
  ["identity", `${OK}Transfer-Encoding: identity\r\n\r\nall`],
  ["a folded line", `${OK}X: a\r\n b\r\nContent-Length: 0\r\n\r\n`],
  ["a folded first line", `${OK} X: a\r\nContent-Length: 0\r\n\r\n`],
  ["a bare line feed", `${OK}X: a\nContent-Length: 0\r\n\r\n`],
  ["a bare line feed at the end of its head", `${OK}Content-Length: 0\r\n\n`],
  ["a bare carriage return", `${OK}X: a\rb\r\nContent-Length: 0\r\n\r\n`],
  ["a NUL in a value", `${OK}X: a\0b\r\nContent-Length: 0\r\n\r\n`],
  ["a DEL in a value", `${OK}X: a\x7fb\r\nContent-Length: 0\r\n\r\n`],
  ["a space before the colon", `${OK}Content-Length : 0\r\n\r\n`],
  ["a line without a colon", `${OK}Content-Length\r\n\r\n`],
  ["a line without a name", `${OK}: 1\r\nContent-Length: 0\r\n\r\n`],
  ["a name that is none", `${OK}X(: 1\r\nContent-Length: 0\r\n\r\n`],
  ["a name with a byte above 127", `${OK}X\xe9: 1\r\nContent-Length: 0\r\n\r\n`],
  ["an interim answer with a body", `HTTP/1.1 103 Hint\r\nContent-Length: 2\r\n\r\nab${OK}Content-Length: 0\r\n\r\n`],
  ["an interim answer in chunks", `HTTP/1.1 100 Go\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${OK}Content-Length: 0\r\n\r\n`],
  ["an interim answer that says that it is the last", `HTTP/1.1 103 Hint\r\nConnection: close\r\n\r\n${OK}Content-Length: 0\r\n\r\n`],
  ["an interim answer of HTTP/1.0", `HTTP/1.0 103 Hint\r\n\r\n${OK}Content-Length: 0\r\n\r\n`],
  ["a chunk without a size", `${CHUNKED}\r\n`],
  ["a chunk's size that is no number", `${CHUNKED}zz\r\n`],
  ["a chunk's size that is no number, without a line", `${CHUNKED}zz`],
  ["a signed chunk", `${CHUNKED}+1\r\na\r\n0\r\n\r\n`],
  ["a chunk's size with 0x", `${CHUNKED}0x1\r\na\r\n0\r\n\r\n`],
  ["a space after a chunk's size", `${CHUNKED}1 \r\na\r\n0\r\n\r\n`],
  ["a chunk's size that overflows", `${CHUNKED}10000000000000001\r\na\r\n0\r\n\r\n`],
  ["a chunk's size that no number holds", `${CHUNKED}20000000000000\r\na`],
  ["a chunk longer than its size", `${CHUNKED}1\r\nab\r\n0\r\n\r\n`],
  ["a chunk longer than its size, without a line", `${CHUNKED}1\r\nab`],
  ["a chunk whose end is a bare line feed", `${CHUNKED}1\r\na\n0\r\n\r\n`],
  ["a chunk's size that ends with a bare line feed", `${CHUNKED}1\na\r\n0\r\n\r\n`],
  ["a NUL in a chunk's extension", `${CHUNKED}1;a="\0"\r\na\r\n0\r\n\r\n`],
  ["an extension without a name", `${CHUNKED}1;=a\r\na\r\n0\r\n\r\n`],
  ["endless chunk extensions", `${CHUNKED}${`1;${"x".repeat(1_000)}\r\na\r\n`.repeat(17)}0\r\n\r\n`],
  ["an endless chunk extension", `${CHUNKED}1;${"x".repeat(17_000)}`],
  ["a malformed trailer", `${CHUNKED}0\r\nX : 1\r\n\r\n`],
  ["a length in a trailer", `${CHUNKED}0\r\ncontent-length: 0\r\n\r\n`],
  ["a coding in a trailer", `${CHUNKED}0\r\nTransfer-Encoding: chunked\r\n\r\n`],
  ["endless trailers", `${CHUNKED}0\r\n${"X: 1\r\n".repeat(50_000)}\r\n`],
  ["a head without end", `${OK}${"X: 1\r\n".repeat(50_000)}`],
  ["a line without end", `${OK}X: ${"1".repeat(270_000)}`],
  ["an end in its head", `${OK}Content-`],
  ["an end in its body", `${OK}Content-Length: 2\r\n\r\na`],
  ["an end in a chunk", `${CHUNKED}2\r\na`],
  ["an end between chunks", `${CHUNKED}1\r\na\r\n`],
  ["an end before the last line", `${CHUNKED}1\r\na\r\n0\r\n`],
])("%s is no answer", (_, bytes) => {
  expect(read("GET", [bytes]).error).toBeDefined();
  if (bytes.length < 1_000) expect(read("GET", [...bytes]).error).toBeDefined();
});

test("what is wrong is noticed when it comes, not when the connection ends", () => {
  for (const bytes of ["SSH-2.0", `${CHUNKED}zz`, `${CHUNKED}1\r\nab`, `${OK}Content-Length: x\r\n`]) {
    const reader = new AnswerReader("GET", { onInterim() {}, onHead() {}, onBody() {}, onEnd() {} });
    expect(() => reader.read(Buffer.from(bytes, "latin1")), bytes).toThrow();
  }
});

test("any number of chunks is one answer", () => {
  expect(read("GET", [`${CHUNKED}${"1\r\na\r\n".repeat(100_000)}0\r\n\r\n`])).toMatchObject({ body: "a".repeat(100_000) });
});

test("nothing is told any more to whoever has stopped listening", () => {
  const told: string[] = [];
  const stop = (what: string) => () => {
    told.push(what);
    reader.stop();
  };
  const events = { onInterim: stop("interim"), onHead: stop("head"), onBody: stop("body"), onEnd: stop("end") };
  let reader = new AnswerReader("GET", events);
  reader.read(Buffer.from(`${CHUNKED}1\r\na\r\n0\r\n\r\n`));
  reader = new AnswerReader("GET", { ...events, onHead() {} });
  reader.read(Buffer.from(`${CHUNKED}1\r\na\r\n1\r\na\r\n0\r\n\r\n`));
  reader = new AnswerReader("GET", events);
  reader.read(Buffer.from(`HTTP/1.1 103 Hint\r\n\r\n${CHUNKED}`));
  expect(told).toEqual(["head", "body", "interim"]);
});

describe("beside node:http's own strict client", () => {
  let agent: Server;
  let bytesToSay = Buffer.alloc(0);
  beforeAll(async () => {
    agent = createServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", () => socket.end(bytesToSay));
    }).listen(0, "127.0.0.1");
    await once(agent, "listening");
  });
  afterAll(() => new Promise((resolve) => agent.close(resolve)));

  const askNode = (method: string, bytes: string): Promise<Understood | undefined> =>
    new Promise((resolve) => {
      bytesToSay = Buffer.from(bytes, "latin1");
      const interims: Understood["interims"] = [];
      let answer: IncomingMessage | undefined;
      let body = "";
      const { port } = agent.address() as AddressInfo;
      const asked = request({ host: "127.0.0.1", port, method, agent: false, insecureHTTPParser: false, maxHeaderSize: 256 * 1024 });
      asked.on("information", ({ statusCode, statusMessage, rawHeaders }) => interims.push({ statusCode, statusMessage, rawHeaders }));
      asked.on("response", (message) => {
        answer = message.setEncoding("latin1").on("data", (text: string) => (body += text));
        message.on("error", () => {});
      });
      asked.on("upgrade", (message, socket) => {
        answer = message;
        message.complete = true;
        socket.destroy();
      });
      asked.on("error", () => {});
      asked.on("close", () => {
        if (answer?.complete !== true) return resolve(undefined);
        const { statusCode = 0, statusMessage = "", rawHeaders, rawTrailers } = answer;
        resolve({ interims, statusCode, statusMessage, rawHeaders, body, rawTrailers });
      });
      asked.end();
    });

  test("what everybody understands is understood in the same way, however it comes in pieces", async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom("GET", "HEAD", "POST"), wellFormed, cuts, async (method, bytes, at) => {
        const { error, isPersistent, unread, ...understood } = read(method, cut(bytes, at));
        expect(error).toBeUndefined();
        expect(understood).toEqual(await askNode(method, bytes));
      }),
      { numRuns: 300 },
    );
  });

  test("what is understood here of damaged answers, node:http understands in the same way; nothing is read more kindly", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("GET", "HEAD"),
        wellFormed,
        fc.array(damage, { minLength: 1, maxLength: 3 }),
        cuts,
        async (method, whole, damages, at) => {
          const bytes = damages.reduce((text, apply) => apply(text), whole);
          const { error, isPersistent, unread, ...understood } = read(method, cut(bytes, at));
          if (error === undefined) expect(understood, JSON.stringify(bytes)).toEqual(await askNode(method, bytes));
        },
      ),
      { numRuns: 1_500 },
    );
  });
});

const token = fc.stringMatching(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,12}$/);
const text = fc.stringMatching(/^(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]{0,12}[\x21-\x7e\x80-\xff])?)?$/);
const blanks = fc.constantFrom("", " ", "\t ", "  ");
const FRAMING = /^(?:content-length|transfer-encoding|connection|keep-alive|upgrade|proxy-connection|trailer)$/i;
const fields = fc.array(fc.tuple(token, blanks, text, blanks), { maxLength: 5 }).map((lines) =>
  lines
    .filter(([name]) => !FRAMING.test(name))
    .map(([name, before, value, after]) => `${name}:${before}${value}${after}\r\n`)
    .join(""),
);
const bodyText = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)), maxLength: 40 });
const chunk = fc.tuple(bodyText, fc.constantFrom("", ";a", ";a=b", ';a="b;c"', ";a;b=c"), fc.boolean()).map(([body, extension, isUpper]) => {
  const size = body.length.toString(16);
  return body === "" ? "" : `${isUpper ? size.toUpperCase() : size}${extension}\r\n${body}\r\n`;
});
const framed = fc.oneof(
  fc.tuple(fields, bodyText).map(([lines, body]) => `${lines}Content-Length: ${body.length}\r\n\r\n${body}`),
  fc
    .tuple(fields, fc.array(chunk, { maxLength: 4 }), fields)
    .map(([lines, chunks, trailers]) => `Transfer-Encoding: chunked\r\n${lines}\r\n${chunks.join("")}0\r\n${trailers}\r\n`),
  fc.tuple(fields, bodyText).map(([lines, body]) => `${lines}\r\n${body}`),
);
const statusLine = fc
  .tuple(fc.constantFrom("1.0", "1.1"), fc.constantFrom(200, 201, 204, 299, 304, 404, 500, 999), text)
  .map(([version, status, reason]) => `HTTP/${version} ${status} ${reason}\r\n`);
const interim = fc.tuple(fc.constantFrom(100, 102, 103), text, fields).map(([status, reason, lines]) => `HTTP/1.1 ${status} ${reason}\r\n${lines}\r\n`);
const wellFormed = fc.tuple(fc.array(interim, { maxLength: 2 }), statusLine, framed).map(([interims, first, rest]) => interims.join("") + first + rest);

const cuts = fc.array(fc.nat({ max: 400 }), { maxLength: 8 });

const damage = fc
  .tuple(
    fc.nat({ max: 1_000 }),
    fc.constantFrom("put", "put a line", "replace", "remove", "repeat a line"),
    fc.constantFrom(
      ...'\r\n\0 \t:;,="0159afx+-\x7f\xe9',
      "\r\n",
      "\r\n ",
      "Content-Length: 3",
      "Transfer-Encoding: chunked",
      "Connection: close",
      "Upgrade: x",
      "HTTP/1.1 100 Go",
    ),
  )
  .map(([where, how, what]) => (bytes: string) => {
    const at = bytes.length === 0 ? 0 : where % bytes.length;
    if (how === "put") return bytes.slice(0, at) + what + bytes.slice(at);
    if (how === "replace") return bytes.slice(0, at) + what + bytes.slice(at + 1);
    if (how === "remove") return bytes.slice(0, at) + bytes.slice(at + 1);
    const lines = bytes.split("\r\n");
    const line = where % lines.length;
    if (how === "put a line") return [...lines.slice(0, line), what, ...lines.slice(line)].join("\r\n");
    return [...lines.slice(0, line + 1), ...lines.slice(line)].join("\r\n");
  });

function cut(bytes: string, at: readonly number[]): string[] {
  const places = [...new Set(at.filter((place) => place > 0 && place < bytes.length))].sort((left, right) => left - right);
  return [...places, bytes.length].map((end, index) => bytes.slice(index === 0 ? 0 : places[index - 1], end));
}

/** All of the pieces, and then the end of the connection. */
function read(method: string, pieces: readonly string[]): Partial<Understood> & { error?: unknown; isPersistent: boolean; unread: number } {
  const understood: Partial<Understood> & { interims: Understood["interims"]; body: string } = { interims: [], body: "" };
  const reader = new AnswerReader(method, {
    onInterim: ({ statusCode, statusMessage, rawHeaders }) => understood.interims.push({ statusCode, statusMessage, rawHeaders: [...rawHeaders] }),
    onHead: ({ statusCode, statusMessage, rawHeaders }) =>
      Object.assign(understood, { statusCode, statusMessage, rawHeaders, ...(statusCode === 101 ? { rawTrailers: [] } : {}) }),
    onBody(bytes) {
      understood.body += bytes.toString("latin1");
    },
    onEnd: (rawTrailers) => Object.assign(understood, { rawTrailers }),
  });
  let unread = 0;
  try {
    for (const piece of pieces) unread += piece.length - reader.read(Buffer.from(piece, "latin1"));
    reader.end();
  } catch (error) {
    return { ...understood, error, isPersistent: reader.isPersistent, unread };
  }
  return { ...understood, isPersistent: reader.isPersistent, unread };
}
