import { type Assertion, decodeAssertion, decodeFidoStatement, encodeAssertion } from "../assertion.ts";
import { concatBytes, fromHex, toHex, utf8 } from "../bytes.ts";
import { importPublicKey } from "../cose-key.ts";
import { signMessage, SignatureType } from "../cose.ts";
import { type CborValue, decodeCbor, encodeCbor } from "../det-cbor.ts";
import { ClientDataType, fidoChallengeOf, fidoKeyIdOf, nativeClientData } from "../fido.ts";
import { ProtocolError } from "../protocol-error.ts";
import { encodeStatement, type Statement } from "../statement.ts";
import { faultOfAssertion, readAssertion } from "../verify-assertion.ts";
import { sha256 } from "#platform";
import { CREDENTIAL_ID, FIDO_APPROVAL, RP_ID } from "./fido-vectors.ts";
import { counting, derOf, flipped, KEY_ID, NONCE, otherSignature, type VectorKey, vectorKey } from "./fixture.ts";
import { type Named, type Refused, type Suite } from "./suite.ts";

interface Inputs extends Named {
  readonly rpId: string;
  readonly publicKey: string;
  readonly message: string;
}

interface Accept extends Inputs {
  readonly keyId: string;
  readonly statement: string;
  readonly origin: string;
  /** Of UP, UV, BE, BS those that are set. */
  readonly flags: string;
  readonly signCount: number;
}

interface Reject extends Inputs, Refused {}

const key = vectorKey(7);
const stranger = vectorKey(8);
const statement = encodeStatement(FIDO_APPROVAL);
const keyId = fidoKeyIdOf(RP_ID, CREDENTIAL_ID);
const native = nativeClientData(ClientDataType.GET, fidoChallengeOf(statement));

const authData = (flags = 0x05, signCount = 9, rpId = RP_ID, tail: readonly number[] = []): Uint8Array => {
  const counter = [signCount >>> 24, (signCount >>> 16) & 255, (signCount >>> 8) & 255, signCount & 255];
  return concatBytes(sha256(utf8(rpId)), Uint8Array.of(flags, ...counter, ...tail));
};
const page = (change: object = {}): Uint8Array => {
  const members = JSON.parse(new TextDecoder().decode(native)) as object;
  return utf8(JSON.stringify({ ...members, origin: "https://bank.example", ...change }));
};

/** The client data with one member more in front, whose name is there already. */
const twice = (member: string): Uint8Array => utf8(`{${member},${new TextDecoder().decode(native).slice(1)}`);

/** An assertion as vectorKey(7) signs it; `raw` turns its raw signature into what stands in the message. */
export function assertionOf(
  change: Partial<Assertion> = {},
  raw: (signature: Uint8Array) => Uint8Array = derOf,
  by: VectorKey = key,
): Assertion {
  const parts = { keyId, statement, authenticatorData: authData(), clientDataJson: native, ...change };
  const signed = concatBytes(parts.authenticatorData, sha256(parts.clientDataJson));
  return { ...parts, signature: change.signature ?? raw(by.sign(signed)) };
}
const message = encodeAssertion(assertionOf());

const ACCEPT: readonly (readonly [name: string, assertion: Assertion, rpId?: string])[] = [
  ["by the daemon, user verified", assertionOf()],
  ["touched, user not verified", assertionOf({ authenticatorData: authData(0x01) })],
  ["without a counter", assertionOf({ authenticatorData: authData(0x05, 0) })],
  ["the highest counter", assertionOf({ authenticatorData: authData(0x05, 0xffff_ffff) })],
  ["a passkey that may be copied", assertionOf({ authenticatorData: authData(0x0d, 0) })],
  ["a passkey that is copied", assertionOf({ authenticatorData: authData(0x1d, 0) })],
  ["with extensions", assertionOf({ authenticatorData: authData(0x85, 9, RP_ID, [0xa0]) })],
  ["by a web page", assertionOf({ clientDataJson: page() })],
  ["by a browser that adds members", assertionOf({ clientDataJson: page({ extra: "do not compare as a template" }) })],
  [
    "by a browser that adds members of members",
    assertionOf({ clientDataJson: page({ a: { type: ':"{', b: [{ type: 1 }] } }) }),
  ],
  [
    "by a page of another relying party",
    assertionOf({ authenticatorData: authData(5, 1, "bank.example") }),
    "bank.example",
  ],
  ["n - s for s: as valid, so a signature is no identity", assertionOf({}, (one) => derOf(otherSignature(one)))],
];

type Faulty = readonly [name: string, because: string, assertion: Assertion, publicKey?: Uint8Array];

const as = (change: Partial<Statement>): Assertion => {
  const other = encodeStatement({ ...FIDO_APPROVAL, ...change });
  return assertionOf({ statement: other, clientDataJson: nativeClientData("webauthn.get", fidoChallengeOf(other)) });
};
const { signature } = assertionOf();
const asStatement = signMessage(SignatureType.STATEMENT, KEY_ID, statement, key.sign);

const FAULTY: readonly Faulty[] = [
  ["by another key", "false-signature", assertionOf(), stranger.publicKey],
  ["a changed bit in the signature", "false-signature", assertionOf({ signature: flipped(signature, -1) })],
  ["a raw signature", "false-signature", assertionOf({}, (raw) => raw)],
  ["a signature with a byte after it", "false-signature", assertionOf({ signature: Uint8Array.of(...signature, 0) })],
  ["a signature of zeros", "false-signature", assertionOf({ signature: fromHex("3006020100020100") })],
  ["a length in long form", "false-signature", assertionOf({ signature: longForm(signature) })],
  ["a signature over the client data itself", "false-signature", assertionOf({ signature: derOf(key.sign(native)) })],
  ["the signature of a COSE statement", "false-signature", assertionOf({ signature: derOf(asStatement.slice(-64)) })],
  ["a changed counter", "false-signature", assertionOf({ authenticatorData: authData(5, 10), signature })],
  ["user verification added", "false-signature", assertionOf({ authenticatorData: authData(0x0d), signature })],
  ["another origin after signing", "false-signature", assertionOf({ clientDataJson: page(), signature })],
  ["a registration", "other-type", assertionOf({ clientDataJson: page({ type: "webauthn.create" }) })],
  ["a payment confirmation", "other-type", assertionOf({ clientDataJson: page({ type: "payment.get" }) })],
  [
    "a challenge of the server's",
    "other-challenge",
    assertionOf({ clientDataJson: nativeClientData("webauthn.get", NONCE) }),
  ],
  ["a statement changed after signing", "other-challenge", assertionOf({ statement: flipped(statement, -40) })],
  ["from inside another site's frame", "cross-origin", assertionOf({ clientDataJson: page({ crossOrigin: true }) })],
  ["under a top origin", "cross-origin", assertionOf({ clientDataJson: page({ topOrigin: "https://a.example" }) })],
  [
    "for another relying party",
    "other-relying-party",
    assertionOf({ authenticatorData: authData(5, 9, "bank.example") }),
  ],
  ["not touched", "nobody-present", assertionOf({ authenticatorData: authData(0x04) })],
  ["authenticator data of a registration", "bad-field", assertionOf({ authenticatorData: authData(0x45) })],
  [
    "bytes after the counter without a flag",
    "bad-field",
    assertionOf({ authenticatorData: authData(5, 9, RP_ID, [0]) }),
  ],
  ["a flag for extensions without any", "bad-field", assertionOf({ authenticatorData: authData(0x85) })],
  ["backed up without being fit for it", "bad-field", assertionOf({ authenticatorData: authData(0x15) })],
  ["client data that is no JSON", "bad-field", assertionOf({ clientDataJson: utf8("{") })],
  ["client data that is an array", "bad-field", assertionOf({ clientDataJson: utf8("[]") })],
  ["client data with a byte order mark", "bad-field", assertionOf({ clientDataJson: utf8("\ufeff{}") })],
  ["client data in Latin-1", "bad-field", assertionOf({ clientDataJson: Uint8Array.of(0x7b, 0xe4, 0x7d) })],
  ["client data with a second challenge", "bad-field", assertionOf({ clientDataJson: twice(`"challenge":"AAAA"`) })],
  [
    "client data with a second origin in escapes",
    "bad-field",
    assertionOf({ clientDataJson: twice(`"orig\\u0069n":"x"`) }),
  ],
  ["client data without origin", "bad-field", assertionOf({ clientDataJson: page({ origin: undefined }) })],
  ["a challenge in padded base64", "bad-field", assertionOf({ clientDataJson: page({ challenge: "AA==" }) })],
  ["a type that is a number", "bad-field", assertionOf({ clientDataJson: page({ type: 1 }) })],
  ["a cross origin that is text", "bad-field", assertionOf({ clientDataJson: page({ crossOrigin: "false" }) })],
  ["a cross origin that is null", "bad-field", assertionOf({ clientDataJson: page({ crossOrigin: null }) })],
  ["a statement that says it was shown", "bad-field", as({ shown: 1 })],
  ["a statement with a counter of its own", "bad-field", as({ counter: 9 })],
];

const MALFORMED: readonly (readonly [name: string, because: string, message: Uint8Array])[] = [
  ["no bytes", "not-canonical", new Uint8Array()],
  ["a byte after the end", "not-canonical", concatBytes(message, Uint8Array.of(0))],
  ["a COSE statement", "bad-field", asStatement],
  ["another version", "bad-version", changed([1, 2])],
  ["no key id", "bad-field", changed([2, undefined])],
  ["no statement", "bad-field", changed([3, undefined])],
  ["a statement of 513 bytes", "bad-field", changed([3, counting(513)])],
  ["authenticator data of 36 bytes", "bad-field", changed([4, counting(36)])],
  ["client data that is text", "bad-field", changed([5, "{}"])],
  ["client data of 2049 bytes", "bad-field", changed([5, new Uint8Array(2049)])],
  ["no signature", "bad-field", changed([6, undefined])],
  ["a signature of 7 bytes", "bad-field", changed([6, counting(7)])],
  ["a member of no version", "bad-field", changed([7, 0])],
];

/** What a FIDO2 key signs, with the statement behind it. */
export const assertionVectors: Suite<Accept, Reject> = {
  name: "assertion",
  spec: "docs/protocol/fido2.md section 4",
  about:
    "accept: `message` holds for `publicKey` and `rpId`, and says the other members. reject: it does not hold, and " +
    "`because` is the first fault, or it or a part of it is malformed (an error code).",
  build: () => ({
    accept: ACCEPT.map(([name, assertion, rpId = RP_ID]) => {
      const inputs = { rpId, publicKey: toHex(key.publicKey), message: toHex(encodeAssertion(assertion)) };
      return { name, ...inputs, ...findingOf({ name, ...inputs }) };
    }),
    reject: [
      ...FAULTY.map(([name, because, assertion, publicKey = key.publicKey]) => {
        const inputs = { rpId: RP_ID, publicKey: toHex(publicKey), message: toHex(encodeAssertion(assertion)) };
        return { name, ...inputs, because };
      }),
      ...MALFORMED.map(([name, because, bytes]) => {
        return { name, rpId: RP_ID, publicKey: toHex(key.publicKey), message: toHex(bytes), because };
      }),
    ],
  }),
  accept: (vector) => ({ ...findingOf(vector) }),
  reject: (vector) => {
    try {
      return faultOf(vector) ?? "accepted";
    } catch (error) {
      if (error instanceof ProtocolError) return error.code;
      throw error;
    }
  },
};

function faultOf({ message: hex, publicKey, rpId }: Inputs): string | undefined {
  const assertion = decodeAssertion(fromHex(hex));
  const fault = faultOfAssertion(readAssertion(assertion), importPublicKey(fromHex(publicKey)), rpId);
  if (fault === undefined) decodeFidoStatement(assertion.statement);
  return fault;
}

function findingOf(vector: Inputs): Omit<Accept, keyof Inputs> {
  const { assertion, clientData, authenticatorData } = readAssertion(decodeAssertion(fromHex(vector.message)));
  const { userPresent, userVerified, backupEligible, backedUp, signCount } = authenticatorData;
  const flags = Object.entries({ UP: userPresent, UV: userVerified, BE: backupEligible, BS: backedUp });
  return {
    keyId: toHex(assertion.keyId),
    statement: toHex(assertion.statement),
    origin: faultOf(vector) ?? clientData.origin,
    flags: flags.flatMap(([name, set]) => (set ? [name] : [])).join(" "),
    signCount,
  };
}

function changed([member, value]: readonly [number, CborValue | undefined]): Uint8Array {
  const members = new Map(decodeCbor(message) as ReadonlyMap<number, CborValue>);
  if (value === undefined) members.delete(member);
  else members.set(member, value);
  return encodeCbor(members);
}

/** The same DER with its outer length in two bytes. */
function longForm(der: Uint8Array): Uint8Array {
  return Uint8Array.of(0x30, 0x81, ...der.slice(1));
}
