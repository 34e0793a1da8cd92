import {
  AgreementPair,
  type AuthParam,
  ClientPinCommand,
  type CtapMap,
  CtapStatus,
  decodeClientPinAnswer,
  decodeCtapMessage,
  encodeClientPin,
  encodeCtapRequest,
  encodeMakeCredential,
  encodeMessage,
  HidCommand,
  paddedPin,
  pinHashOf,
  type PinProtocol,
  pinProtocolTwo,
} from "@countersign/key-protocol";
import { concatBytes } from "@countersign/protocol";
import type { Profile } from "../device.ts";
import { Permission } from "../fido/permission.ts";
import type { KeyStore } from "../storage/key-store.ts";
import { Bench } from "./bench.ts";

/** Client data of the bench's requests. */
export const HASH: Uint8Array = new Uint8Array(32).fill(0xcd);

/** Relying party of the bench's requests. */
export const RP = "bank.example";

/** What a command was answered. */
export interface Answered {
  readonly status: number;
  readonly map: CtapMap;
}

/** The FIDO interface of a key on the workbench, with a host that holds the PIN protocols. */
export class FidoBench {
  readonly bench: Bench;
  #channel = 0;

  constructor(profile: Partial<Profile> = {}, store?: KeyStore) {
    this.bench = new Bench(profile, store);
    this.open();
  }

  /** A new channel, also after a replug. */
  open(): void {
    this.bench.port = "fido";
    this.#channel = this.bench.open();
  }

  replug(): void {
    this.bench.replug();
    this.open();
  }

  /** Sends a command; nothing is waited for. */
  send(message: Uint8Array): void {
    this.bench.port = "fido";
    this.bench.send(...encodeMessage(this.#channel, HidCommand.CBOR, message));
  }

  /** The last answer. */
  answer(): Answered {
    const { command, payload } = this.bench.last();
    if (command !== HidCommand.CBOR) throw new Error(`the key said command ${command}`);
    const { first, map } = decodeCtapMessage(payload);
    return { status: first, map };
  }

  /** A command that nobody needs to touch the key for. */
  ask(message: Uint8Array): Answered {
    this.send(message);
    return this.answer();
  }

  /** A command, and the button. */
  touched(message: Uint8Array): Answered {
    this.send(message);
    if (this.bench.page() === "fido") this.bench.press("ok");
    return this.answer();
  }

  /** Makes a credential that is not kept; its id. */
  credential(rpId: string = RP): Uint8Array {
    const { status, map } = this.touched(creation({ rpId }));
    if (status !== CtapStatus.OK) throw new Error(`makeCredential: status ${status}`);
    return credentialIdOf(map);
  }

  setPin(pin: string, protocol: PinProtocol = pinProtocolTwo): number {
    const { pair, secret } = this.#agree(protocol);
    const newPinEnc = protocol.encrypt(secret, paddedPin(pin));
    const pinUvAuthParam = protocol.authenticate(secret, newPinEnc);
    return this.ask(
      encodeClientPin({
        protocol: protocol.version,
        command: ClientPinCommand.SET_PIN,
        keyAgreement: pair.point,
        newPinEnc,
        pinUvAuthParam,
      }),
    ).status;
  }

  changePin(from: string, to: string, protocol: PinProtocol = pinProtocolTwo): number {
    const { pair, secret } = this.#agree(protocol);
    const newPinEnc = protocol.encrypt(secret, paddedPin(to));
    const pinHashEnc = protocol.encrypt(secret, pinHashOf(from));
    return this.ask(
      encodeClientPin({
        protocol: protocol.version,
        command: ClientPinCommand.CHANGE_PIN,
        keyAgreement: pair.point,
        newPinEnc,
        pinHashEnc,
        pinUvAuthParam: protocol.authenticate(secret, concatBytes(newPinEnc, pinHashEnc)),
      }),
    ).status;
  }

  /** A token by PIN, or the status of the refusal. */
  token(
    pin: string,
    permissions: number = Permission.GET_ASSERTION,
    rpId: string = RP,
    protocol: PinProtocol = pinProtocolTwo,
  ): Uint8Array | number {
    const { pair, secret } = this.#agree(protocol);
    const { status, map } = this.ask(
      encodeClientPin({
        protocol: protocol.version,
        command: ClientPinCommand.GET_TOKEN_USING_PIN,
        keyAgreement: pair.point,
        pinHashEnc: protocol.encrypt(secret, pinHashOf(pin)),
        permissions,
        rpId,
      }),
    );
    if (status !== CtapStatus.OK) return status;
    return protocol.decrypt(secret, decodeClientPinAnswer(map).token ?? new Uint8Array(0));
  }

  #agree(protocol: PinProtocol): { readonly pair: AgreementPair; readonly secret: Uint8Array } {
    const { map } = this.ask(
      encodeClientPin({ protocol: protocol.version, command: ClientPinCommand.GET_KEY_AGREEMENT }),
    );
    const { keyAgreement } = decodeClientPinAnswer(map);
    if (keyAgreement === undefined) throw new Error("no key agreement");
    const pair = new AgreementPair();
    return { pair, secret: protocol.sharedSecret(pair, keyAgreement) };
  }
}

/** The proof that a host has a token. */
export function proofOf(token: Uint8Array | number, protocol: PinProtocol = pinProtocolTwo): AuthParam {
  if (typeof token === "number") throw new Error(`no token but status ${token}`);
  return { protocol: protocol.version, param: protocol.authenticate(token, HASH) };
}

/** A makeCredential request. */
export function creation(change: { readonly rpId?: string; readonly auth?: AuthParam } = {}): Uint8Array {
  const user = { userHandle: new Uint8Array(16).fill(7), userName: "alice" };
  return encodeMakeCredential({ clientDataHash: HASH, rpId: RP, rpName: "Bank", ...user, exclude: [], ...change });
}

/** A makeCredential request for a credential that the key keeps. */
export function keptCreation(user: number, rpId: string = RP): Uint8Array {
  return encodeCtapRequest(1, [
    [1, HASH],
    [2, new Map([["id", rpId]])],
    [3, new Map([["id", Uint8Array.of(user)]])],
    [
      4,
      [
        new Map<string, string | number>([
          ["alg", -7],
          ["type", "public-key"],
        ]),
      ],
    ],
    [7, new Map([["rk", true]])],
  ]);
}

/** The id of the credential in a makeCredential answer. */
export function credentialIdOf(map: CtapMap): Uint8Array {
  const authData = authDataOf(map);
  return authData.slice(55, 55 + ((authData[53] ?? 0) << 8) + (authData[54] ?? 0));
}

/** The authenticator data of an answer. */
export function authDataOf(map: CtapMap): Uint8Array {
  const authData = map.get(2);
  if (authData instanceof Uint8Array) return authData;
  throw new Error("an answer without authenticator data");
}

/** The signature counter of an answer. */
export function counterOf(map: CtapMap): number {
  const authData = authDataOf(map);
  return new DataView(authData.buffer, authData.byteOffset).getUint32(33);
}
