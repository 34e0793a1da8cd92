import type { SeededRandom } from "./random.ts";

const MOST_BYTES = 4096;
/** Where decoders tend to be wrong: signs, lengths, the heads of CBOR, protobuf and text. */
const TELLING = [0x00, 0x01, 0x18, 0x19, 0x1a, 0x1b, 0x3b, 0x5f, 0x7f, 0x80, 0x9f, 0xa0, 0xbf, 0xc0, 0xf7, 0xf9, 0xfb];
const LENGTHS = [0, 1, 23, 24, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];

/** One to four changes of a sample; `others` lend pieces. */
export function mutate(random: SeededRandom, sample: Uint8Array, others: readonly Uint8Array[]): Buffer {
  let bytes: Buffer = Buffer.from(sample);
  for (let changes = 1 + random.below(4); changes > 0; changes--) bytes = change(random, bytes, others);
  return bytes.subarray(0, MOST_BYTES);
}

function change(random: SeededRandom, bytes: Buffer, others: readonly Uint8Array[]): Buffer {
  const at = random.below(bytes.length + 1);
  const inside = Math.min(at, Math.max(0, bytes.length - 1));
  switch (random.below(9)) {
    case 0: // a bit
      if (bytes.length > 0) bytes.writeUInt8(bytes.readUInt8(inside) ^ (1 << random.below(8)), inside);
      return bytes;
    case 1: // a byte
      if (bytes.length > 0) bytes.writeUInt8(random.below(256), inside);
      return bytes;
    case 2:
      if (bytes.length > 0) bytes.writeUInt8(random.one(TELLING), inside);
      return bytes;
    case 3: // cut off
      return bytes.subarray(0, at);
    case 4: // left out
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random.below(16))]);
    case 5: // put in
      return Buffer.concat([bytes.subarray(0, at), random.bytes(1 + random.below(16)), bytes.subarray(at)]);
    case 6: // twice
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(random.below(at + 1))]);
    case 7: {
      // a length
      const length = Buffer.alloc(4);
      length.writeUInt32BE(random.one(LENGTHS));
      return Buffer.concat([bytes.subarray(0, at), length.subarray(random.below(4)), bytes.subarray(at + 4)]);
    }
    default: {
      // of another sample
      const other = Buffer.from(random.one(others));
      const from = random.below(other.length + 1);
      return Buffer.concat([bytes.subarray(0, at), other.subarray(from, from + random.below(64)), bytes.subarray(at)]);
    }
  }
}
