import fc from "fast-check";

/** WebSocket frames as bytes (RFC 6455 §5.2), right ones and wrong ones. */
export interface FrameShape {
  readonly opcode?: number;
  readonly isFinal?: boolean;
  readonly payload?: Buffer | string;
  /** A client's. */
  readonly isMasked?: boolean;
  readonly reserved?: number;
  /** Written with a longer length than is needed. */
  readonly lengthBytes?: 0 | 2 | 8;
}

export function frame({ opcode = 1, isFinal = true, payload = "", isMasked = false, reserved = 0, lengthBytes }: FrameShape = {}): Buffer {
  const body = Buffer.from(payload);
  const extra = lengthBytes ?? (body.length < 126 ? 0 : body.length <= 0xffff ? 2 : 8);
  const head = Buffer.alloc(2 + extra);
  head[0] = (isFinal ? 0x80 : 0) | (reserved << 4) | opcode;
  head[1] = (isMasked ? 0x80 : 0) | (extra === 0 ? body.length : extra === 2 ? 126 : 127);
  if (extra === 2) head.writeUInt16BE(body.length, 2);
  if (extra === 8) head.writeBigUInt64BE(BigInt(body.length), 2);
  if (!isMasked) return Buffer.concat([head, body]);
  const mask = Buffer.from([0x88, 0x01, 0x7f, 0xfe]); // Looks like a header to whoever looks into payloads.
  return Buffer.concat([head, mask, body.map((byte, at) => byte ^ (mask[at % 4] ?? 0))]);
}

export const message = (payload: Buffer | string, from: "client" | "agent" = "agent") => frame({ payload, isMasked: from === "client" });

export function closeFrame(code: number, reason = "", from: "client" | "agent" = "agent"): Buffer {
  return frame({ opcode: 8, payload: Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(reason)]), isMasked: from === "client" });
}

export const RECONNECT = closeFrame(1012, "Service Restart");

export interface SpokenFrame {
  readonly bytes: Buffer;
  readonly kind: "part" | "message" | "control";
}

/** A well-formed run of frames: whole messages and fragmented ones, with control frames between the fragments; no close. */
export function framesArbitrary(from: "client" | "agent"): fc.Arbitrary<SpokenFrame[]> {
  const isMasked = from === "client";
  const size = fc.oneof({ weight: 4, arbitrary: fc.nat(300) }, { weight: 1, arbitrary: fc.integer({ min: 65_500, max: 70_000 }) });
  // Payloads full of what would be headers: a reader that looks into them is found out.
  const payload = size.map((length) => Buffer.alloc(length, Buffer.from([0x88, 0x02, 0x03, 0xe8, 0x81, 0xfe])));
  const control = fc.record({ opcode: fc.constantFrom(9, 10), payload: fc.nat(125).map((length) => Buffer.alloc(length, 0x88)) });
  const controls = fc.array(control, { maxLength: 2 });
  const unit = fc.record({ opcode: fc.constantFrom(1, 2), parts: fc.array(payload, { minLength: 1, maxLength: 4 }), controls });
  return fc.array(unit, { maxLength: 6 }).map((units) =>
    units.flatMap(({ opcode, parts, controls }) =>
      parts.flatMap((part, at): SpokenFrame[] => {
        const isFinal = at === parts.length - 1;
        const data = frame({ opcode: at === 0 ? opcode : 0, isFinal, payload: part, isMasked });
        return [
          { bytes: data, kind: isFinal ? "message" : "part" },
          ...controls.map((shape) => ({ bytes: frame({ ...shape, isMasked }), kind: "control" as const })),
        ];
      }),
    ),
  );
}

/** Cuts bytes into chunks at any places. */
export function cutAt(bytes: Buffer, places: readonly number[]): Buffer[] {
  const borders = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((left, right) => left - right);
  return [...borders, bytes.length].map((border, at) => bytes.subarray(at === 0 ? 0 : borders[at - 1], border)).filter((chunk) => chunk.length > 0);
}
