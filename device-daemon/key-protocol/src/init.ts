// INIT answer: nonce 8 | new channel u32be | protocol u8 = 2 | version major, minor, build | capabilities u8   (17 bytes)

import { FramingError } from "./framing-error.ts";

/** Bytes of the nonce that ties an INIT answer to its question. */
export const INIT_NONCE = 8;

/** What a key answers to INIT. */
export interface InitAnswer {
  readonly nonce: Uint8Array;
  readonly channel: number;
  /** Major, minor, build of the firmware. */
  readonly version: readonly [number, number, number];
  /** Bits of HidCapability. */
  readonly capabilities: number;
}

/** The payload of an INIT answer. */
export function encodeInitAnswer(answer: InitAnswer): Uint8Array {
  const payload = new Uint8Array(17);
  payload.set(answer.nonce, 0);
  new DataView(payload.buffer).setUint32(8, answer.channel);
  payload.set([2, ...answer.version, answer.capabilities], 12);
  return payload;
}

/** Reads an INIT answer; later protocol versions may append bytes. Throws FramingError "bad-init". */
export function decodeInitAnswer(payload: Uint8Array): InitAnswer {
  if (payload.length < 17)
    throw new FramingError("bad-init", `an INIT answer has 17 bytes, this one ${payload.length}`);
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  return {
    nonce: payload.slice(0, INIT_NONCE),
    channel: view.getUint32(8),
    version: [view.getUint8(13), view.getUint8(14), view.getUint8(15)],
    capabilities: view.getUint8(16),
  };
}
