import { encodeCbor } from "@countersign/protocol";
import { Fields } from "./fields.ts";
import { MAX_MESSAGE } from "./report.ts";

/** The map of an answer that carries one COSE_Sign1: present, enrolKey, attest. */
export function encodeSigned(coseSign1: Uint8Array): Uint8Array {
  return encodeCbor(new Map([[1, coseSign1]]));
}

/** The COSE_Sign1 of such an answer, not yet checked. Throws WireError. */
export function decodeSigned(body: Uint8Array): Uint8Array {
  return new Fields("signed answer", body).blob(1, MAX_MESSAGE);
}
