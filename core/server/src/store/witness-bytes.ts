import { WitnessTable } from "./witness-table.ts";

// One entity: high u32be | low u32be | version u32be | row u64be     docs/protocol/store.md section 6
const ENTRY_BYTES = 20;

/** A witness table as it is stored. */
export function encodeWitness(witness: WitnessTable): Uint8Array {
  const bytes = new Uint8Array(witness.size * ENTRY_BYTES);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const [place, version, row] of witness.entries()) {
    view.setUint32(at, place.high);
    view.setUint32(at + 4, place.low);
    view.setUint32(at + 8, version);
    view.setBigUint64(at + 12, BigInt(row));
    at += ENTRY_BYTES;
  }
  return bytes;
}

/** Reads what encodeWitness wrote; the bytes were authenticated before. */
export function decodeWitness(bytes: Uint8Array): WitnessTable {
  const witness = new WitnessTable(bytes.length / ENTRY_BYTES);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length; at += ENTRY_BYTES) {
    witness.set(
      { high: view.getUint32(at), low: view.getUint32(at + 4) },
      view.getUint32(at + 8),
      Number(view.getBigUint64(at + 12)),
    );
  }
  return witness;
}
