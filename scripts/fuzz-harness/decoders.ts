// Everything that reads bytes of somebody else in this process: what it throws is one of the errors it names, and what
// it accepts has no second spelling.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  decodeAssertion,
  decodeAttestation,
  decodeCbor,
  decodeContent,
  decodeEnrolment,
  decodeFidoCredential,
  decodeStatement,
  encodeAssertion,
  encodeAttestation,
  encodeCbor,
  encodeContent,
  encodeEnrolment,
  encodeFidoCredential,
  encodeStatement,
  fromHex,
  importPublicKey,
  parseClientData,
  parseSigned,
  readAssertion,
  verifyReceipt,
} from "@countersign/protocol";
import { REQUESTS } from "@countersign/proto/wire-schema";
import {
  decodeAnswer,
  decodeAuthData,
  decodeAuthenticatorInfo,
  decodeCtap,
  decodeCtapMessage,
  decodeInitAnswer,
  decodeKeyInfo,
  decodeKeyList,
  decodeRequest,
  decodeSigned,
  encodeMessage,
  Reassembler,
} from "@countersign/key-protocol";
import { ROOT } from "@countersign/testing/child";
import { readFrame } from "../../core/web-bridge/src/frame.ts";
import { readText } from "../../core/web-bridge/src/text-body.ts";
import { scanRequest } from "../../core/server/src/rpc/wire-scan.ts";
import { mutate } from "./mutate.ts";
import { anyRequest } from "./proto-message.ts";
import type { SeededRandom } from "./random.ts";

/** One decoder with the inputs it gets. */
export interface Decoder {
  readonly name: string;
  input(random: SeededRandom): Buffer;
  /** Throws what `isRefusal` knows, or it is a finding. */
  run(bytes: Buffer): void;
}

const VECTORS = join(ROOT, "core/protocol/vectors");
const KEY_VECTORS = join(ROOT, "device-daemon/key-protocol/vectors");
/** Members that are text; the others are bytes in hexadecimal. */
const TEXT = new Set(["json", "clientData"]);
const REFUSALS = new Set(["ProtocolError", "FramingError", "WireError", "CtapError", "ReceiptFailure"]);

/** An error that decoders are meant to throw. */
export function isRefusal(error: unknown): boolean {
  return error instanceof Error && REFUSALS.has(error.name);
}

/** Every byte string of a file of vectors, accepted and refused ones. */
function samplesOf(file: string, member: string, folder = VECTORS): Buffer[] {
  const found: Buffer[] = [];
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    for (const [name, inner] of Object.entries(value)) {
      if (name === member && typeof inner === "string")
        found.push(TEXT.has(member) ? Buffer.from(inner) : Buffer.from(inner, "hex"));
      else visit(inner);
    }
  };
  visit(JSON.parse(readFileSync(join(folder, `${file}.json`), "utf8")));
  if (found.length === 0) throw new Error(`${file}.json holds no ${member}`);
  return found;
}

function decoder(name: string, samples: readonly Buffer[], run: (bytes: Buffer) => void): Decoder {
  return { name, run, input: (random) => mutate(random, random.one(samples), samples) };
}

/** A decoder whose input has one spelling: what it accepts is written again as it was. */
function canonical<T>(
  name: string,
  samples: readonly Buffer[],
  decode: (bytes: Uint8Array) => T,
  encode: (value: T) => Uint8Array,
): Decoder {
  return decoder(name, samples, (bytes) => {
    const again = encode(decode(bytes));
    if (!bytes.equals(again)) throw new Error(`written again it is ${Buffer.from(again).toString("hex")}`);
  });
}

const cbor = samplesOf("det-cbor", "bytes");
const statements = samplesOf("statement", "bytes");
const signed = samplesOf("signature", "message");
const assertions = samplesOf("assertion", "message");
const enrolments = samplesOf("enrolment", "enrolment");
const attestations = samplesOf("enrolment", "attestation");
const pinned = {
  serverId: new Uint8Array(16),
  publicKeys: [fromHex(samplesOf("signature", "publicKey")[0]!.toString("hex"))],
};
const requests = Object.values(REQUESTS);
const CHANNEL = 0x0102_0304;
const reports = (payload: Uint8Array): Buffer => Buffer.concat(encodeMessage(CHANNEL, 0x59, payload.subarray(0, 1768)));

export const DECODERS: readonly Decoder[] = [
  canonical(
    "det-cbor",
    [...cbor, ...statements],
    (bytes) => decodeCbor(bytes),
    (value) => encodeCbor(value),
  ),
  canonical("content", samplesOf("content", "bytes"), decodeContent, encodeContent),
  canonical("statement", statements, decodeStatement, encodeStatement),
  canonical("enrolment", enrolments, decodeEnrolment, encodeEnrolment),
  canonical("attestation", attestations, decodeAttestation, encodeAttestation),
  canonical("assertion", assertions, decodeAssertion, encodeAssertion),
  canonical("fido-credential", [...assertions, ...enrolments], decodeFidoCredential, encodeFidoCredential),
  decoder("signed", [...signed, ...assertions], (bytes) => void parseSigned(bytes)),
  decoder("read-assertion", assertions, (bytes) => void readAssertion(decodeAssertion(bytes))),
  decoder("public-key", samplesOf("signature", "publicKey"), (bytes) => void importPublicKey(bytes)),
  decoder("client-data", samplesOf("fido", "clientData"), (bytes) => void parseClientData(bytes)),
  decoder("receipt", samplesOf("receipt", "json"), (bytes) => void verifyReceipt(bytes, pinned)),
  decoder("hid-reports", [...statements, ...signed].map(reports), (bytes) => {
    const reassembler = new Reassembler(CHANNEL);
    for (let at = 0; at < bytes.length; at += 64) {
      try {
        const message = reassembler.accept(bytes.subarray(at, at + 64));
        if (message !== undefined) decodeRequest(message.payload);
      } catch (error) {
        if (!isRefusal(error)) throw error;
      }
    }
  }),
  ...keyDecoders(),
  {
    name: "protobuf",
    input: (random) => {
      const which = random.below(requests.length);
      return Buffer.concat([Buffer.of(which), anyRequest(random, requests[which]!, ["alice", "EUR", "0".repeat(32)])]);
    },
    run: (bytes) => void scanRequest(Object.keys(REQUESTS)[bytes.readUInt8(0)] ?? "", bytes.subarray(1)),
  },
  decoder(
    "web-frame",
    signed.map((bytes) => Buffer.concat([Buffer.of(0, 0, 0, 0, bytes.length), bytes])),
    (bytes) => {
      readFrame(bytes, 65_536);
      readText(Buffer.from(bytes.toString("base64")));
      readText(bytes);
    },
  ),
];

/** What a key, or what says it is one, answers to the daemon. */
function keyDecoders(): Decoder[] {
  const all: readonly (readonly [string, (bytes: Uint8Array) => unknown])[] = [
    ["key-request", decodeRequest],
    ["key-answer", decodeAnswer],
    ["key-info", decodeKeyInfo],
    ["key-list", decodeKeyList],
    ["key-signed", decodeSigned],
    ["key-init", (bytes) => decodeInitAnswer(bytes)],
    ["ctap-cbor", (bytes) => decodeCtap(bytes)],
    ["ctap-message", (bytes) => decodeCtapMessage(bytes)],
    ["ctap-info", (bytes) => decodeAuthenticatorInfo(decodeCtapMessage(bytes).map)],
    ["ctap-auth-data", (bytes) => decodeAuthData(bytes)],
  ];
  const ofKeys = ["request", "answer"].flatMap((file) => samplesOf(file, "message", KEY_VECTORS));
  const samples = [...cbor, ...statements, ...assertions, ...ofKeys].flatMap((bytes) => [
    bytes,
    bytes.subarray(1),
    Buffer.concat([Buffer.of(0), bytes]),
    Buffer.concat([Buffer.of(1), bytes]),
  ]);
  return all.map(([name, decode]) => decoder(name, samples, (bytes) => void decode(bytes)));
}
