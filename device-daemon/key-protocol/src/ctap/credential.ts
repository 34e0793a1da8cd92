import { MAX_CREDENTIAL_ID } from "@countersign/protocol";
import type { CtapMap, CtapValue } from "./ctap-cbor.ts";
import { encodeCtap } from "./ctap-cbor.ts";
import { CtapCommand, ES256 } from "./command.ts";
import { CtapFields } from "./ctap-fields.ts";
import { encodeCtapRequest } from "./ctap-message.ts";

/** The proof that the user was verified: a tag over clientDataHash under the token. */
export interface AuthParam {
  readonly protocol: 1 | 2;
  readonly param: Uint8Array;
}

/** A makeCredential request: ES256, not discoverable. */
export interface MakeCredential {
  readonly clientDataHash: Uint8Array;
  readonly rpId: string;
  readonly rpName: string;
  readonly userHandle: Uint8Array;
  readonly userName: string;
  readonly exclude: readonly Uint8Array[];
  /** The key's own user verification, of keys that give no token for it. */
  readonly uv?: boolean;
  readonly auth?: AuthParam;
}

/** A getAssertion request. */
export interface GetAssertion {
  readonly rpId: string;
  readonly clientDataHash: Uint8Array;
  readonly allow: readonly Uint8Array[];
  readonly uv?: boolean;
  /** False: asks whether the key has one of the credentials, without a touch. */
  readonly up?: boolean;
  readonly auth?: AuthParam;
}

/** What a key answers to makeCredential. */
export interface MadeCredential {
  readonly format: string;
  readonly authData: Uint8Array;
  readonly statement: CtapMap;
}

/** What a key answers to getAssertion. */
export interface CtapAssertion {
  /** Absent where one credential was asked for. */
  readonly credentialId?: Uint8Array;
  readonly authData: Uint8Array;
  readonly signature: Uint8Array;
}

/** The message of a makeCredential request. */
export function encodeMakeCredential(request: MakeCredential): Uint8Array {
  const user: [string, CtapValue][] = [
    ["id", request.userHandle],
    ["name", request.userName],
    ["displayName", request.userName],
  ];
  return encodeCtapRequest(CtapCommand.MAKE_CREDENTIAL, [
    [1, request.clientDataHash],
    [
      2,
      new Map([
        ["id", request.rpId],
        ["name", request.rpName],
      ]),
    ],
    [3, new Map(user)],
    [
      4,
      [
        new Map<string, CtapValue>([
          ["alg", ES256],
          ["type", "public-key"],
        ]),
      ],
    ],
    [5, request.exclude.length === 0 ? undefined : request.exclude.map(descriptor)],
    [7, optionsOf({ uv: request.uv })],
    [8, request.auth?.param],
    [9, request.auth?.protocol],
  ]);
}

/** The message of a getAssertion request. */
export function encodeGetAssertion(request: GetAssertion): Uint8Array {
  return encodeCtapRequest(CtapCommand.GET_ASSERTION, [
    [1, request.rpId],
    [2, request.clientDataHash],
    [3, request.allow.length === 0 ? undefined : request.allow.map(descriptor)],
    [5, optionsOf({ up: request.up, uv: request.uv })],
    [6, request.auth?.param],
    [7, request.auth?.protocol],
  ]);
}

/** Reads makeCredential's answer, controlled by the device. Throws CtapError. */
export function decodeMadeCredential(map: CtapMap): MadeCredential {
  const fields = new CtapFields("makeCredential", map);
  const statement = fields.optional(3, (key) => fields.rawMap(key)) ?? new Map();
  return { format: fields.text(1, 32), authData: fields.bytes(2, 37, 2048), statement };
}

/** Reads getAssertion's answer, controlled by the device. Throws CtapError. */
export function decodeCtapAssertion(map: CtapMap): CtapAssertion {
  const fields = new CtapFields("getAssertion", map);
  const credentialId = fields.optional(1, (key) => fields.map(key).bytes("id", 1, MAX_CREDENTIAL_ID));
  return {
    ...(credentialId === undefined ? {} : { credentialId }),
    authData: fields.bytes(2, 37, 2048),
    signature: fields.bytes(3, 1, 512),
  };
}

/** The attestation object as WebAuthn has it. */
export function encodeAttestationObject(made: MadeCredential): Uint8Array {
  return encodeCtap(
    new Map<string, CtapValue>([
      ["fmt", made.format],
      ["attStmt", made.statement],
      ["authData", made.authData],
    ]),
  );
}

function descriptor(credentialId: Uint8Array): CtapMap {
  return new Map<string, CtapValue>([
    ["id", credentialId],
    ["type", "public-key"],
  ]);
}

function optionsOf(given: Readonly<Record<string, boolean | undefined>>): CtapMap | undefined {
  const options = new Map<string, CtapValue>();
  for (const [name, value] of Object.entries(given)) if (value !== undefined) options.set(name, value);
  return options.size === 0 ? undefined : options;
}
