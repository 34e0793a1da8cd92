import { fromHex, toHex, utf8 } from "../bytes.ts";
import { decodeFidoStatement } from "../assertion.ts";
import { ClientDataType, fidoChallengeOf, fidoKeyIdOf, nativeClientData, nativeRpIdOf } from "../fido.ts";
import { ProtocolError } from "../protocol-error.ts";
import { encodeStatement, type Statement } from "../statement.ts";
import { sha256 } from "#platform";
import { counting, flipped, SERVER_ID, TX_ID } from "./fixture.ts";
import { APPROVAL } from "./statement-vectors.ts";
import { type Named, type Refused, sameOr, type Suite } from "./suite.ts";

interface Inputs extends Named {
  readonly rpId: string;
  readonly credentialId: string;
  readonly statement: string;
}

interface Outputs {
  readonly keyId: string;
  readonly challenge: string;
  /** Text of the native client data. */
  readonly clientData: string;
}

interface Accept extends Inputs, Outputs {}
interface Reject extends Inputs, Refused, Omit<Outputs, "clientData"> {}

/** Relying party of the vectors. */
export const RP_ID: string = nativeRpIdOf(SERVER_ID);
/** Credential of the vectors. */
export const CREDENTIAL_ID: Uint8Array = counting(48, 0x60);
/** The statement behind a FIDO2 assertion. */
export const FIDO_APPROVAL: Statement = { ...APPROVAL, shown: 0, codeEntry: 0, userVerification: 0, counter: 0 };

const statement = encodeStatement(FIDO_APPROVAL);
const { codeProof: _, ...noProof } = FIDO_APPROVAL;
const right = { keyId: fidoKeyIdOf(RP_ID, CREDENTIAL_ID), challenge: fidoChallengeOf(statement) };

const ACCEPT: readonly (readonly [name: string, rpId?: string, credentialId?: Uint8Array, statement?: Statement])[] = [
  ["an installation without web pages"],
  ["a web page's relying party", "bank.example"],
  ["a page on the own machine", "localhost"],
  ["a credential id of one byte", RP_ID, Uint8Array.of(7)],
  ["a credential id of 1023 bytes", RP_ID, counting(1023)],
  ["another transaction", RP_ID, CREDENTIAL_ID, { ...FIDO_APPROVAL, txId: counting(16) }],
  ["another code", RP_ID, CREDENTIAL_ID, { ...FIDO_APPROVAL, codeProof: counting(32) }],
];

interface Change {
  readonly rpId?: string;
  readonly credentialId?: Uint8Array;
  readonly statement?: Uint8Array;
  readonly keyId?: Uint8Array;
  readonly challenge?: Uint8Array;
}

const as = (change: Partial<Statement>): Change => ({ statement: encodeStatement({ ...FIDO_APPROVAL, ...change }) });

const REJECT: readonly (readonly [name: string, because: string, change: Change])[] = [
  ["the key id of another credential", "differs", { credentialId: flipped(CREDENTIAL_ID, 0) }],
  ["the key id at another relying party", "differs", { rpId: "bank.example" }],
  ["a key id that is the credential's hash alone", "differs", { keyId: sha256(CREDENTIAL_ID).slice(0, 16) }],
  ["a key id without its domain", "differs", { keyId: sha256(sha256(utf8(RP_ID)), CREDENTIAL_ID).slice(0, 16) }],
  ["a challenge without its domain", "differs", { challenge: sha256(statement) }],
  ["a challenge that is the statement's digest", "differs", { challenge: FIDO_APPROVAL.txDigest }],
  ["the challenge of another statement", "differs", { challenge: fidoChallengeOf(flipped(statement, -40)) }],
  ["a changed bit in the challenge", "differs", { challenge: flipped(right.challenge, 31) }],
  ["an empty relying party", "bad-field", { rpId: "" }],
  ["a relying party with a space", "bad-field", { rpId: "bank example" }],
  ["a relying party beyond ASCII", "bad-field", { rpId: "b\u00e4nk.example" }],
  ["an empty credential id", "bad-field", { credentialId: new Uint8Array() }],
  ["a credential id of 1024 bytes", "bad-field", { credentialId: counting(1024) }],
  ["a statement that says it was shown", "bad-field", as({ shown: 1 })],
  ["a statement that says the code was typed on the key", "bad-field", as({ codeEntry: 1 })],
  ["a statement that says a PIN was given", "bad-field", as({ userVerification: 1 })],
  ["a statement that says a finger was read", "bad-field", as({ userVerification: 2 })],
  ["a statement with a counter of its own", "bad-field", as({ counter: 1 })],
  ["a reject", "bad-field", { statement: encodeStatement({ ...noProof, decision: 2, reason: 2 }) }],
  ["a transaction id for a statement", "bad-field", { statement: Uint8Array.of(0x50, ...TX_ID) }],
];

/** What stands around a FIDO2 assertion. */
export const fidoVectors: Suite<Accept, Reject> = {
  name: "fido",
  spec: "docs/protocol/fido2.md sections 2 and 3",
  about:
    "accept: relying party and credential have this `keyId`, the statement this `challenge`, and a program that is no " +
    "browser asks with this `clientData`. reject: key id or challenge is another one (`differs`), or an input is " +
    "refused (`bad-field`).",
  build: () => ({
    accept: ACCEPT.map(([name, rpId = RP_ID, credentialId = CREDENTIAL_ID, given = FIDO_APPROVAL]) => {
      const inputs = { rpId, credentialId: toHex(credentialId), statement: toHex(encodeStatement(given)) };
      return { name, ...inputs, ...outputsOf({ name, ...inputs }) };
    }),
    reject: REJECT.map(([name, because, change]) => {
      const { rpId, ...bytes } = { rpId: RP_ID, credentialId: CREDENTIAL_ID, statement, ...right, ...change };
      const [credentialId, given, keyId, challenge] = [
        bytes.credentialId,
        bytes.statement,
        bytes.keyId,
        bytes.challenge,
      ];
      const outputs = { keyId: toHex(keyId), challenge: toHex(challenge) };
      return { name, rpId, credentialId: toHex(credentialId), statement: toHex(given), ...outputs, because };
    }),
  }),
  accept: (vector) => ({ ...outputsOf(vector) }),
  reject: (vector) => {
    try {
      const { keyId, challenge } = outputsOf(vector);
      return sameOr(`${keyId} ${challenge}`, `${vector.keyId} ${vector.challenge}`);
    } catch (error) {
      if (error instanceof ProtocolError) return error.code;
      throw error;
    }
  },
};

function outputsOf({ rpId, credentialId, statement: hex }: Inputs): Outputs {
  const bytes = fromHex(hex);
  decodeFidoStatement(bytes);
  const challenge = fidoChallengeOf(bytes);
  return {
    keyId: toHex(fidoKeyIdOf(rpId, fromHex(credentialId))),
    challenge: toHex(challenge),
    clientData: new TextDecoder().decode(nativeClientData(ClientDataType.GET, challenge)),
  };
}
