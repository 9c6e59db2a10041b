/** As much DER (X.690) as a certificate needs. */

export const encodeSequence = (...parts: readonly Buffer[]) => encodeTagged(0x30, ...parts);
export const encodeSet = (...parts: readonly Buffer[]) => encodeTagged(0x31, ...parts);
export const encodeOctets = (bytes: Buffer) => encodeTagged(0x04, bytes);
export const encodeUtf8 = (text: string) => encodeTagged(0x0c, Buffer.from(text));
export const encodeBoolean = (isTrue: boolean) => encodeTagged(0x01, Buffer.from([isTrue ? 0xff : 0]));
export const encodeBits = (bytes: Buffer, unusedBits: number) => encodeTagged(0x03, Buffer.from([unusedBits]), bytes);
/** 0 to 127. */
export const encodeInteger = (value: number) => encodeTagged(0x02, Buffer.from([value]));
/** GeneralizedTime, in whole seconds. */
export const encodeTime = (atMs: number) => encodeTagged(0x18, Buffer.from(`${new Date(atMs).toISOString().replaceAll(/[-:T]|\.\d+/g, "")}`));

export function encodeObjectId(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  return encodeTagged(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(encodeArc)]));
}

function encodeArc(arc: number): number[] {
  const bytes = [arc % 128];
  for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) bytes.unshift(128 + (left % 128));
  return bytes;
}

export function encodeTagged(tag: number, ...parts: readonly Buffer[]): Buffer {
  const value = Buffer.concat(parts);
  const length: number[] = [];
  for (let left = value.length; left > 0; left = Math.floor(left / 256)) length.unshift(left % 256);
  return Buffer.concat([Buffer.from(value.length < 128 ? [tag, value.length] : [tag, 128 + length.length, ...length]), value]);
}
