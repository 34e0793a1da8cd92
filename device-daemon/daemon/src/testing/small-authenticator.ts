import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import {
  AgreementPair,
  ClientPinCommand,
  CosePurpose,
  coseKeyOfPoint,
  CtapCommand,
  CtapError,
  CtapFields,
  type CtapMembers,
  CtapStatus,
  decodeCtapMessage,
  encodeAuthData,
  encodeCtapOk,
  encodeCtapRefusal,
  pinHashOf,
  type PinProtocol,
  pinProtocolOne,
  pinProtocolTwo,
  pointOfCoseKey,
} from "@countersign/key-protocol";
import { fromBase64url, sha256, utf8 } from "@countersign/protocol";

const { GET_PIN_RETRIES, GET_KEY_AGREEMENT, SET_PIN, CHANGE_PIN, GET_PIN_TOKEN, GET_TOKEN_USING_PIN } =
  ClientPinCommand;

/** What a small authenticator is like. */
export interface SmallOptions {
  /** The members of its getInfo, as a map that is sent as it is. */
  readonly info: Uint8Array;
  readonly protocol: 1 | 2;
  readonly pin?: string;
}

/** An authenticator as small as CTAP 2.0 allows, for the shapes of keys that the emulated key does not have. */
export class SmallAuthenticator {
  readonly credentialId: Uint8Array = new Uint8Array(randomBytes(48));
  readonly publicKey: KeyObject;
  pin: string | undefined;
  retries = 8;
  readonly #key: KeyObject;
  readonly #info: Uint8Array;
  readonly #protocol: PinProtocol;
  readonly #token: Uint8Array;
  #pair = new AgreementPair();
  #counter = 0;

  constructor(options: SmallOptions) {
    const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    this.publicKey = publicKey;
    this.#key = privateKey;
    this.#info = options.info;
    this.#protocol = options.protocol === 1 ? pinProtocolOne : pinProtocolTwo;
    // CTAP 2.0 let authenticators give tokens of 16 bytes.
    this.#token = new Uint8Array(randomBytes(options.protocol === 1 ? 16 : 32));
    this.pin = options.pin;
  }

  /** Answers one CTAP2 request. */
  answer(request: Uint8Array): Uint8Array {
    try {
      const { first, map } = decodeCtapMessage(request);
      const fields = new CtapFields("request", map);
      if (first === CtapCommand.GET_INFO) return Uint8Array.of(0, ...this.#info);
      if (first === CtapCommand.CLIENT_PIN) return encodeCtapOk(this.#clientPin(fields));
      if (first === CtapCommand.MAKE_CREDENTIAL) return encodeCtapOk(this.#make(fields));
      if (first === CtapCommand.GET_ASSERTION) return encodeCtapOk(this.#assert(fields));
      return encodeCtapRefusal(CtapStatus.INVALID_COMMAND);
    } catch (cause) {
      if (cause instanceof CtapError) return encodeCtapRefusal(cause.status);
      throw cause;
    }
  }

  #clientPin(fields: CtapFields): CtapMembers {
    fields.integer(1, this.#protocol.version, this.#protocol.version);
    const command = fields.integer(2, 1, 9);
    if (command === GET_PIN_RETRIES) return [[3, this.retries]];
    if (command === GET_KEY_AGREEMENT) return [[1, coseKeyOfPoint(this.#pair.point, CosePurpose.AGREE)]];
    const peer = pointOfCoseKey(fields.any(3), CosePurpose.AGREE);
    const secret = this.#protocol.sharedSecret(this.#pair, peer);
    if (command === SET_PIN || command === CHANGE_PIN) return this.#newPin(fields, secret, command === CHANGE_PIN);
    if (command !== GET_PIN_TOKEN && command !== GET_TOKEN_USING_PIN) throw refuse(CtapStatus.INVALID_SUBCOMMAND);
    this.#checkPin(this.#protocol.decrypt(secret, fields.bytes(6, 16, 64)));
    return [[2, this.#protocol.encrypt(secret, this.#token)]];
  }

  #newPin(fields: CtapFields, secret: Uint8Array, change: boolean): CtapMembers {
    const newPinEnc = fields.bytes(5, 64, 80);
    const pinHashEnc = change ? fields.bytes(6, 16, 32) : new Uint8Array(0);
    const message = Uint8Array.of(...newPinEnc, ...pinHashEnc);
    if (!this.#protocol.verify(secret, message, fields.bytes(4, 16, 32))) throw refuse(CtapStatus.PIN_AUTH_INVALID);
    if (change) this.#checkPin(this.#protocol.decrypt(secret, pinHashEnc));
    else if (this.pin !== undefined) throw refuse(CtapStatus.NOT_ALLOWED);
    const padded = this.#protocol.decrypt(secret, newPinEnc);
    this.pin = Buffer.from(padded.subarray(0, padded.indexOf(0))).toString("utf8");
    return [];
  }

  #checkPin(hash: Uint8Array): void {
    if (this.pin === undefined) throw refuse(CtapStatus.PIN_NOT_SET);
    if (this.retries === 0) throw refuse(CtapStatus.PIN_BLOCKED);
    if (Buffer.compare(hash, pinHashOf(this.pin)) === 0) {
      this.retries = 8;
      return;
    }
    this.#pair = new AgreementPair();
    this.retries--;
    throw refuse(this.retries === 0 ? CtapStatus.PIN_BLOCKED : CtapStatus.PIN_INVALID);
  }

  #make(fields: CtapFields): CtapMembers {
    const param = fields.optional(8, (key) => fields.bytes(key, 0, 32));
    // Touched to be selected.
    if (param?.length === 0) throw refuse(this.pin === undefined ? CtapStatus.PIN_NOT_SET : CtapStatus.PIN_INVALID);
    const flags = this.#flags(fields.bytes(1, 32), param, fields, 7);
    const { x = "", y = "" } = this.publicKey.export({ format: "jwk" });
    const point = { x: fromBase64url(x), y: fromBase64url(y) };
    const authData = encodeAuthData({
      rpIdHash: sha256(utf8(fields.map(2).text("id", 255))),
      flags,
      signCount: ++this.#counter,
      credential: {
        aaguid: new Uint8Array(16),
        credentialId: this.credentialId,
        publicKey: coseKeyOfPoint(point, CosePurpose.SIGN),
      },
    });
    return [
      [1, "none"],
      [2, authData],
      [3, new Map()],
    ];
  }

  #assert(fields: CtapFields): CtapMembers {
    const hash = fields.bytes(2, 32);
    const ids = fields.list(3, 64).map((each) => new CtapFields("descriptor", each).bytes("id", 1, 1023));
    if (!ids.some((id) => Buffer.compare(id, this.credentialId) === 0)) throw refuse(CtapStatus.NO_CREDENTIALS);
    const flags = this.#flags(
      hash,
      fields.optional(6, (key) => fields.bytes(key, 16, 32)),
      fields,
      5,
    );
    const rpIdHash = sha256(utf8(fields.text(1, 255)));
    const authData = encodeAuthData({ rpIdHash, flags, signCount: ++this.#counter });
    const signature = sign("sha256", Buffer.concat([authData, hash]), this.#key);
    // As CTAP 2.0 allows, the credential is left out where one was asked for.
    const credential = new Map<string, Uint8Array | string>([
      ["id", this.credentialId],
      ["type", "public-key"],
    ]);
    return [
      [1, ids.length === 1 ? undefined : credential],
      [2, authData],
      [3, new Uint8Array(signature)],
    ];
  }

  #flags(hash: Uint8Array, param: Uint8Array | undefined, fields: CtapFields, options: number): number {
    const uv = fields.optional(options, (key) => fields.map(key).optional("uv", (name) => fields.map(key).bool(name)));
    if (param !== undefined && !this.#protocol.verify(this.#token, hash, param))
      throw refuse(CtapStatus.PIN_AUTH_INVALID);
    return param === undefined && uv !== true ? 1 : 5;
  }
}

function refuse(status: CtapStatus): CtapError {
  return new CtapError(status, "refused");
}
