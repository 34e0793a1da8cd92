// What a signature uses up of its key: row 10 asks before, the commit of the try and that of the verdict write it down.
import type { Key } from "../identity/key.ts";
import { isUnused, use } from "./counter.ts";
import type { Submission } from "./submission.ts";

/**
 * Whether the key may have signed this now. A Countersign key: by its window of counters. A FIDO2 key: its signature
 * counter rose, or it keeps none; which it is shows when either the stored or the new one is not 0.
 */
export function isFresh(counter: Key["counter"], { proof, statement }: Submission): boolean {
  if (proof.kind === "statement") return isUnused(counter, statement?.counter ?? 0);
  const signCount = proof.read?.authenticatorData.signCount ?? 0;
  return signCount > counter.highest || (signCount === 0 && counter.highest === 0);
}

/** The key after it signed this; the very same where that changes nothing. */
export function keyAfter(key: Key, { proof, statement }: Submission): Key {
  if (proof.kind === "statement") {
    const counter = statement === undefined ? key.counter : use(key.counter, statement.counter);
    return counter === key.counter ? key : { ...key, counter };
  }
  if (proof.read === undefined || key.fido === undefined) return key;
  const { signCount, backedUp } = proof.read.authenticatorData;
  const rose = signCount > key.counter.highest;
  if (!rose && backedUp === key.fido.backedUp) return key;
  const counter = rose ? { highest: signCount, seen: 1n } : key.counter;
  return { ...key, counter, fido: { ...key.fido, backedUp } };
}
