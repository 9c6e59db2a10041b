import type { Socket } from "node:net";
import { cutConnection } from "./cut-connection.ts";
import { FrameReader } from "./frame-reader.ts";

/** A connection that left HTTP, or is about to. */
export interface Tunnel {
  /** Asks its client to come again on another connection, where that can be said; otherwise nothing happens. */
  tell(): void;
  /** Ends both sides of one that was told, whether its client has answered or not. */
  finish(): void;
  cut(): void;
}

export interface TunnelOptions {
  /** What both agreed to speak is WebSocket: then its frames are followed. */
  readonly webSocket?: { readonly hasExtensions: boolean };
  /** What either has sent before. */
  readonly early: { readonly byClient: Buffer; readonly byAgent: Buffer };
  /** The agent has said something after so many messages of the client's: to the client they are now done. */
  readonly onAnswered: (messages: number) => void;
}

/**
 * Bytes both ways, as fast as the slower side reads, in the chunks in which they came. Either side may stop sending and still
 * receive; when one is gone the other is told in the same manner.
 *
 * A client that is told gets a close frame of the front's own between two frames of the agent's, and nothing of the agent's after
 * it. What it sends still reaches the agent, up to its own close frame: so the agent sees a client that leaves in good order.
 */
export function openTunnel(client: Socket, agent: Socket, { webSocket, early, onAnswered }: TunnelOptions): Tunnel {
  const clientFrames = webSocket && new FrameReader({ from: "client", ...webSocket });
  const agentFrames = webSocket && new FrameReader({ from: "agent", ...webSocket });
  let unanswered = 0;
  let stage: "open" | "telling" | "told" | "over" = "open";

  const passUp = (chunk: Buffer) => {
    if (stage === "over") return; // Read all the same, or its end would not be noticed.
    let at = 0;
    while (clientFrames !== undefined && !clientFrames.isLost && at < chunk.length) {
      at = clientFrames.read(chunk, at);
      if (!clientFrames.isAtBorder) break;
      if (clientFrames.lastKind === "message") unanswered += 1;
      if (clientFrames.lastKind === "close" && stage === "told") {
        if (agent.writable) agent.write(chunk.subarray(0, at));
        return finish();
      }
    }
    if (agent.writable && !agent.write(chunk)) client.pause();
  };
  const passDown = (chunk: Buffer) => {
    if (stage === "told" || stage === "over" || !client.writable) return;
    let at = 0;
    while (agentFrames !== undefined && !agentFrames.isLost && at < chunk.length) {
      at = agentFrames.read(chunk, at);
      if (!agentFrames.isAtBorder) break;
      if (agentFrames.lastKind === "message" || agentFrames.lastKind === "part") countAnswered();
      if (stage === "telling" && canBeTold()) {
        client.write(chunk.subarray(0, at));
        return say();
      }
    }
    if (!client.write(chunk)) agent.pause();
  };

  const countAnswered = () => {
    if (unanswered > 0) onAnswered(unanswered);
    unanswered = 0;
  };
  /** Not where one of the two has said goodbye already: the other is about to. */
  const canBeTold = () => agentFrames?.lastKind !== "close" && clientFrames?.lastKind !== "close" && client.writable;
  const say = () => {
    stage = "told";
    client.write(RECONNECT);
    agent.resume(); // Nobody waits for a slow client any more: the rest is read and forgotten.
  };
  const finish = () => {
    if (stage !== "told") return;
    stage = "over";
    agent.end();
    client.end();
    client.resume();
  };

  connectSides(client, agent, passUp, () => finish());
  connectSides(agent, client, passDown, () => {});
  if (early.byAgent.length > 0) passDown(early.byAgent);
  if (early.byClient.length > 0) passUp(early.byClient);

  /** `onEnd` is for one that was told; then an agent that leaves takes nobody along, since its client is about to answer. */
  function connectSides(from: Socket, to: Socket, pass: (chunk: Buffer) => void, onEnd: () => void): void {
    const isLeaving = () => from === agent && stage === "told";
    from.on("data", pass);
    to.on("drain", () => from.resume());
    from.on("end", () => {
      if (!isLeaving()) to.end();
      onEnd();
    });
    from.on("error", () => {}); // "close" follows.
    from.once("close", (hasFailed) => {
      if (isLeaving()) return;
      if (hasFailed) cutConnection(to);
      else to.destroySoon();
    });
    from.resume();
  }

  return {
    tell() {
      if (stage !== "open" || agentFrames === undefined || agentFrames.isLost || !canBeTold()) return;
      stage = "telling";
      if (agentFrames.isAtBorder) say();
      // Where a client that does not read holds the agent up within a frame: one chunk more, in which the frame ends.
      else agent.resume();
    },
    finish,
    cut() {
      cutConnection(client);
      cutConnection(agent);
    },
  };
}

/** A close frame: FIN and opcode 8, no mask, the code 1012 and its name (RFC 6455 §5.5.1; the code is registered with IANA). */
const REASON = Buffer.from("Service Restart");
const RECONNECT = Buffer.concat([Buffer.from([0x88, 2 + REASON.length, 1012 >> 8, 1012 & 0xff]), REASON]);
