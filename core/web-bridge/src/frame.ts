// A message of gRPC, and of gRPC-Web alike: flag u8 | length u32be | bytes. Flag 00: message; 01: compressed message;
// 80: trailers, in answers alone.
const HEAD = 5;
const MESSAGE = 0x00;
const TRAILERS = 0x80;

/** Why a request's body is not one message. */
export type FrameFault = "malformed" | "compressed" | "too-large";

/** Bytes that a frame adds to its message. */
export const FRAME_HEAD: number = HEAD;

/** The message of a body that must be exactly one frame; its bytes are controlled by the caller. */
export function readFrame(body: Buffer, maxMessage: number): Buffer | FrameFault {
  if (body.length < HEAD) return "malformed";
  const flag = body.readUInt8(0);
  const length = body.readUInt32BE(1);
  if (flag === 0x01) return "compressed";
  if (flag !== MESSAGE) return "malformed";
  if (length > maxMessage) return "too-large";
  return body.length === HEAD + length ? body.subarray(HEAD) : "malformed";
}

/** A message as it stands in an answer. */
export function messageFrame(message: Uint8Array): Buffer {
  return frame(MESSAGE, message);
}

/** Trailers as they end an answer. */
export function trailersFrame(lines: string): Buffer {
  return frame(TRAILERS, Buffer.from(lines, "latin1"));
}

function frame(flag: number, bytes: Uint8Array): Buffer {
  const out = Buffer.allocUnsafe(HEAD + bytes.length);
  out.writeUInt8(flag, 0);
  out.writeUInt32BE(bytes.length, 1);
  out.set(bytes, HEAD);
  return out;
}
