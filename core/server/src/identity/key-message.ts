import { fingerprintOf } from "@countersign/protocol";
import {
  FidoDetails as FidoMessage,
  Key as KeyMessage,
  KeyState,
  KeyType,
} from "@countersign/proto/node/core/v1/key_service";
import { timestampOf } from "../delivery/timestamp.ts";
import { aaguidText } from "../policy/key-model.ts";
import type { FidoDetails, Key } from "./key.ts";

/** A key as apps see it. */
export function keyMessage(key: Key): KeyMessage {
  const { keyId, userId, model, serial, hasDisplay, hasKeypad, name = "", attested = false, fido } = key;
  return KeyMessage.create({
    ...{ keyId, userId, model, serial, hasDisplay, hasKeypad, name, attested },
    state: KeyState[key.state],
    type: fido === undefined ? KeyType.COUNTERSIGN : fido.passkey ? KeyType.PASSKEY : KeyType.FIDO2,
    fingerprint: fingerprintOf(key.publicKey),
    enrolledAt: timestampOf(key.enrolledAt),
    heldUntil: timestampOf(key.heldUntil),
    fido: fido && fidoMessage(fido, key.counter.highest),
  });
}

function fidoMessage(fido: FidoDetails, signCount: number): FidoMessage {
  const { credentialId, aaguid, backupEligible, backedUp, transports } = fido;
  return FidoMessage.create({
    credentialId: Buffer.from(credentialId),
    aaguid: aaguidText(aaguid),
    ...{ backupEligible, backedUp, signCount },
    transports: [...transports],
  });
}
