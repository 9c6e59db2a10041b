import { expect } from "vitest";
import { until } from "../front-bench.testing.ts";
import { answered, type FrontCase, manyBytes } from "./front-case.testing.ts";

/** Answers that come in pieces, in advance or too early, and connections that carry more than one request. */
export const STREAMS: readonly FrontCase[] = [
  {
    name: "server-sent events, each seen before the next is sent",
    moments: ["the stream is open", "the second event is seen"],
    leaves: "open",
    async play({ client, agent, moment }) {
      client.send("GET /events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n");
      const line = await agent.asked();
      line.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
      await client.sees("text/event-stream\r\n"); // The head alone, before any event.
      await moment("the stream is open");
      for (const event of ["1", "2", "3", "4"]) {
        line.send(`9\r\ndata: ${event}\n\n\r\n`);
        await client.sees(`data: ${event}\n\n`);
        if (event === "2") await moment("the second event is seen");
      }
      line.finish("0\r\n\r\n");
      const body = "data: 1\n\ndata: 2\n\ndata: 3\n\ndata: 4\n\n";
      expect(await client.answer()).toEqual(answered(200, "OK", { framing: "chunks", lines: ["Content-Type: text/event-stream"], body }));
    },
  },
  {
    name: "a stream that its client leaves",
    moments: ["the first event is seen"],
    leaves: "unsaid",
    clientAborts: 1,
    async play({ client, agent, moment }) {
      client.send("GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
      const line = await agent.asked();
      line.send("HTTP/1.1 200 OK\r\n\r\ndata: 1\n\n");
      await client.sees("data: 1");
      await moment("the first event is seen");
      client.reset();
      await line.isLetGo();
    },
  },
  {
    name: "an upload and a download of which each byte waits for the other",
    moments: ["the third byte has gone round"],
    leaves: "open",
    counted: { writes: 1 },
    async play({ client, agent, moment }) {
      client.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
      const line = await agent.asked();
      line.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
      for (const byte of ["a", "b", "c", "d"]) {
        client.send(`1\r\n${byte}\r\n`);
        expect(await line.takesChunked(1)).toBe(byte);
        line.send(`1\r\n${byte.toUpperCase()}\r\n`);
        await client.sees(`\r\n${byte.toUpperCase()}\r\n`);
        if (byte === "c") await moment("the third byte has gone round");
      }
      client.send("0\r\n\r\n");
      expect(await line.takesLastChunk()).toEqual([]);
      line.finish("0\r\n\r\n");
      expect(await client.answer()).toEqual(answered(200, "OK", { framing: "chunks", body: "ABCD" }));
    },
  },
  {
    name: "Expect: 100-continue, accepted",
    moments: ["the agent has its head", "half of the upload is there"],
    leaves: "open",
    counted: { writes: 1 },
    async play({ client, agent, moment }) {
      client.send("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 8\r\n\r\n");
      const line = await agent.asked();
      expect(line.ownLines()).toEqual(["Host: x", "Expect: 100-continue", "Content-Length: 8"]);
      await moment("the agent has its head");
      expect(client.raw.received).toBe(""); // The agent's word, not the front's.
      line.send("HTTP/1.1 100 Continue\r\n\r\n");
      await client.sees("HTTP/1.1 100 Continue\r\n\r\n");
      client.send("half");
      expect(await line.takes(4)).toBe("half");
      await moment("half of the upload is there");
      client.send("HALF");
      expect(await line.takes(4)).toBe("HALF");
      line.finish("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
      expect(await client.answer()).toEqual(answered(200, "OK", { lines: ["Content-Length: 0"], interims: ["HTTP/1.1 100 Continue"] }));
    },
  },
  {
    name: "Expect: 100-continue, refused",
    moments: ["the agent has its head"],
    leaves: "closed",
    async play({ client, agent, moment }) {
      client.send("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2000000\r\n\r\n");
      const line = await agent.asked();
      await moment("the agent has its head");
      line.finish("HTTP/1.1 417 Expectation Failed\r\nContent-Length: 2\r\n\r\nno");
      // The client may send its body or not: nobody can tell what comes next, so the connection must not go on.
      expect(await client.answer()).toEqual(answered(417, "Expectation Failed", { lines: ["Content-Length: 2"], body: "no", stays: false }));
      await line.isLetGo();
    },
  },
  {
    name: "Expect: 100-continue, ignored",
    moments: ["the agent has its head"],
    leaves: "unsaid",
    counted: { writes: 1 },
    async play({ client, agent, moment }) {
      client.send("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
      const line = await agent.asked();
      await moment("the agent has its head");
      client.send("hi");
      expect(await line.takes(2)).toBe("hi");
      line.finish("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
      const answer = await client.answer(); // Whether the connection goes on is the front's to choose: there was no 100.
      expect(answer).toEqual(answered(200, "OK", { lines: ["Content-Length: 0"], stays: answer.stays }));
    },
  },
  {
    name: "a 100 that nobody asked for",
    moments: ["the agent has its head"],
    leaves: "open",
    async play({ client, agent, moment }) {
      client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
      const line = await agent.asked();
      await moment("the agent has its head");
      line.finish("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
      expect(await client.answer()).toEqual(answered(200, "OK", { lines: ["Content-Length: 2"], body: "ok" }));
    },
  },
  {
    name: "early hints, twice, seen before the answer",
    moments: ["the hints are seen"],
    leaves: "open",
    async play({ client, agent, moment }) {
      client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
      const line = await agent.asked();
      line.send("HTTP/1.1 103 Early Hints\r\nlink: </a>\r\nLink: </\xe9>\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </c>\r\n\r\n");
      await client.sees("</c>\r\n\r\n");
      await moment("the hints are seen");
      line.finish("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
      const interims = ["HTTP/1.1 103 Early Hints\r\nlink: </a>\r\nLink: </\xe9>", "HTTP/1.1 103 Early Hints\r\nLink: </c>"];
      expect(await client.answer()).toEqual(answered(200, "OK", { lines: ["Content-Length: 2"], body: "ok", interims }));
    },
  },
  {
    name: "an answer before the upload has ended, which the agent reads to its end",
    moments: ["half of the upload is there", "the answer is seen"],
    leaves: "open",
    counted: { writes: 1 },
    async play({ client, agent, moment }) {
      client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\n\r\nhalf");
      const line = await agent.asked();
      expect(await line.takes(4)).toBe("half");
      await moment("half of the upload is there");
      line.send("HTTP/1.1 202 Accepted\r\nContent-Length: 5\r\n\r\nearly");
      expect(await client.answer()).toEqual(answered(202, "Accepted", { lines: ["Content-Length: 5"], body: "early" }));
      await moment("the answer is seen");
      client.send("HALF");
      expect(await line.takes(4)).toBe("HALF");
      line.finish("");
    },
  },
  ...(["ends", "cuts"] as const).map(
    (way): FrontCase => ({
      name: `an answer before the upload has ended, from an agent that then ${way} its connection`,
      moments: ["half of the upload is there"],
      leaves: "closed",
      async play({ client, agent, moment }) {
        const half = manyBytes(500_000);
        client.send(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${2 * half.length}\r\n\r\n${half}`);
        const line = await agent.asked();
        expect((await line.takes(1_000)).length).toBe(1_000);
        await moment("half of the upload is there");
        line.socket.pause();
        line.socket.write("HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig", () => {
          if (way === "ends") line.end();
          else line.socket.destroy();
        });
        expect(await client.answer()).toMatchObject({ status: 413, lines: ["Content-Length: 3"], body: "big" });
        client.send(half); // Whatever it still sends must not spoil the answer that it has.
        if (way === "ends") line.socket.resume();
        await line.isLetGo();
        client.raw.socket.end();
      },
    }),
  ),
  {
    name: "pipelined requests, in order, none begun before the one in front of it is answered",
    moments: ["the first is under way"],
    leaves: "open",
    counted: { requests: 3, writes: 1 },
    movesOn: true,
    async play({ client, agent, moment, word, askedAnywhere }) {
      const get = (path: string) => `GET /${word}${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
      client.send(`POST /${word}1 HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi${get("2")}${get("3")}`);
      let line = await agent.asked(`/${word}1`);
      expect(await line.takes(2)).toBe("hi");
      await moment("the first is under way");
      for (const path of ["1", "2", "3"]) {
        if (path !== "1") line = await askedAnywhere(`/${word}`);
        expect(line.head).toContain(`/${word}${path} HTTP`);
        line.finish(`HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n${path}`);
        expect(await client.answer()).toEqual(answered(200, "OK", { lines: ["Content-Length: 1"], body: path }));
      }
    },
  },
  {
    name: "an agent that writes its answer byte by byte",
    moments: ["half of the answer is seen"],
    leaves: "open",
    async play({ client, agent, moment }) {
      client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
      const line = await agent.asked();
      const head = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n";
      for (const byte of head) {
        line.send(byte);
        await new Promise((resolve) => setImmediate(resolve));
      }
      line.send("ab");
      await client.sees("ab");
      await moment("half of the answer is seen");
      line.send("c");
      line.finish("d");
      expect(await client.answer()).toEqual(answered(200, "OK", { lines: ["Content-Length: 4"], body: "abcd" }));
    },
  },
  {
    name: "a client that writes its request byte by byte",
    moments: ["half of the upload is there"],
    leaves: "open",
    counted: { writes: 1 },
    async play({ client, agent, moment }) {
      for (const byte of "POST /slow HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n") {
        client.send(byte);
        await new Promise((resolve) => setImmediate(resolve));
      }
      const line = await agent.asked();
      expect(await line.takesChunked(2)).toBe("ab");
      await moment("half of the upload is there");
      for (const byte of '1;a="b"\r\nc\r\n0\r\n\r\n') client.send(byte);
      expect(await line.takesChunked(1)).toBe("c");
      expect(await line.takesLastChunk()).toEqual([]);
      line.finish("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
      await until(() => client.raw.received.endsWith("\r\n\r\n"));
      expect(await client.answer()).toEqual(answered(200, "OK", { lines: ["Content-Length: 0"] }));
    },
  },
];
