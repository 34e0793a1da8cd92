// A shard's witness as it lies in Redis: it saves the reading of the chain before it. docs/protocol/store.md section 6.
import { concatBytes, equalBytes, fromHex, hmacSha256, toHex, utf8, type MacKey } from "@countersign/protocol";
import type { Shard } from "../entity.ts";
import { decodePage, encodePage } from "../witness-page.ts";
import { WitnessTable } from "../witness-table.ts";

/** A witness, and the entry up to which it reaches. */
export interface WitnessAt {
  readonly epoch: number;
  readonly seq: number;
  readonly hash: Uint8Array;
  readonly witness: WitnessTable;
}

// epoch | seq | hash | MAC | places in base64, separated by spaces
const FORM = /^([1-9]\d{0,8}) ([1-9]\d{0,9}) ([0-9a-f]{64}) ([0-9a-f]{64}) ([A-Za-z0-9+/=]*)$/;

export function writeWitness(key: MacKey, shard: Shard, { epoch, seq, hash, witness }: WitnessAt): string {
  const places = encodePage([...witness.entries()]);
  const mac = macOf(key, { shard, epoch, seq }, hash, places);
  return `${epoch} ${seq} ${toHex(hash)} ${toHex(mac)} ${Buffer.from(places).toString("base64")}`;
}

/** Undefined for what this installation did not write for this shard: the chain is read from its beginning then. */
export function readWitness(key: MacKey, shard: Shard, text: string): WitnessAt | undefined {
  const [, epoch, seq, hash, mac, base64] = FORM.exec(text) ?? [];
  if (epoch === undefined || seq === undefined || hash === undefined || mac === undefined) return undefined;
  const places = new Uint8Array(Buffer.from(base64 ?? "", "base64"));
  const at = { shard, epoch: Number(epoch), seq: Number(seq) };
  if (!equalBytes(macOf(key, at, fromHex(hash), places), fromHex(mac))) return undefined;
  return { epoch: at.epoch, seq: at.seq, hash: fromHex(hash), witness: WitnessTable.of(decodePage(places)) };
}

function macOf(
  key: MacKey,
  { shard, epoch, seq }: { readonly shard: Shard; readonly epoch: number; readonly seq: number },
  hash: Uint8Array,
  places: Uint8Array,
): Uint8Array {
  const prefix = utf8(`countersign/shard-witness/v1\0${shard}\0${epoch}\0${seq}\0`);
  return hmacSha256(key, concatBytes(prefix, hash, places));
}
