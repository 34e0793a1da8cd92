import {
  AgreementPair,
  type AuthenticatorInfo,
  ClientPinCommand,
  CtapStatus,
  PIN_PROTOCOLS,
  paddedPin,
  pinHashOf,
  type PinProtocol,
  type TokenPermission,
} from "@countersign/key-protocol";
import { concatBytes } from "@countersign/protocol";
import type { Watch } from "../hid/hid-channel.ts";
import { LinkError } from "../hid/link-error.ts";
import type { Secret } from "../prompt/secret.ts";
import { type CtapClient, reading } from "./ctap-client.ts";
import { FidoRefusal } from "./fido-refusal.ts";

/** A proof that the user was verified, good for one kind of request at one relying party. */
export interface Token {
  readonly protocol: 1 | 2;
  /** The tag that goes into a request with this clientDataHash. */
  over(clientDataHash: Uint8Array): Uint8Array;
}

/** What a token is for. */
export interface TokenUse {
  readonly permission: TokenPermission;
  readonly rpId: string;
}

type Agreed = { readonly pair: AgreementPair; readonly secret: Uint8Array };

/** clientPIN: PIN and tokens of one key. PINs cross to the key encrypted, and are kept nowhere. */
export class PinAuth {
  readonly #client: CtapClient;
  readonly #info: AuthenticatorInfo;
  readonly #protocol: PinProtocol;

  private constructor(client: CtapClient, info: AuthenticatorInfo, protocol: PinProtocol) {
    this.#client = client;
    this.#info = info;
    this.#protocol = protocol;
  }

  /** By the better protocol that both sides have; undefined where they share none. */
  static of(client: CtapClient, info: AuthenticatorInfo): PinAuth | undefined {
    const protocol = PIN_PROTOCOLS.find(({ version }) => info.pinUvAuthProtocols.includes(version));
    return protocol === undefined ? undefined : new PinAuth(client, info, protocol);
  }

  /** A token for the PIN. Rejects with FidoRefusal PIN_INVALID, PIN_AUTH_BLOCKED, PIN_BLOCKED with the tries left. */
  async tokenByPin(pin: Secret, use: TokenUse, watch: Watch): Promise<Token> {
    const { pair, secret } = await this.#agree(watch);
    const withPermissions = this.#info.options.get("pinUvAuthToken") === true;
    return this.#countingPin(watch, async () => {
      const answer = await this.#client.clientPin(
        {
          protocol: this.#protocol.version,
          command: withPermissions ? ClientPinCommand.GET_TOKEN_USING_PIN : ClientPinCommand.GET_PIN_TOKEN,
          keyAgreement: pair.point,
          pinHashEnc: this.#protocol.encrypt(secret, pinHashOf(pin.reveal())),
          ...(withPermissions ? { permissions: use.permission, rpId: use.rpId } : {}),
        },
        watch,
      );
      return this.#token(secret, answer.token);
    });
  }

  /** A token for a finger on the key. Rejects with FidoRefusal UV_INVALID with the tries left, UV_BLOCKED, ... */
  async tokenByUv(use: TokenUse, watch: Watch): Promise<Token> {
    const { pair, secret } = await this.#agree(watch);
    const { permission, rpId } = use;
    const command = ClientPinCommand.GET_TOKEN_USING_UV;
    const request = { protocol: this.#protocol.version, command, keyAgreement: pair.point, rpId };
    try {
      const answer = await this.#client.clientPin({ ...request, permissions: permission }, watch);
      return this.#token(secret, answer.token);
    } catch (cause) {
      if (!(cause instanceof FidoRefusal) || cause.code !== CtapStatus.UV_INVALID) throw cause;
      const retries = await this.uvRetries(watch);
      throw new FidoRefusal(cause.code, retries === undefined ? {} : { retries });
    }
  }

  /** The first PIN. */
  async setPin(pin: Secret, watch: Watch): Promise<void> {
    const { pair, secret } = await this.#agree(watch);
    const newPinEnc = this.#protocol.encrypt(
      secret,
      reading(() => paddedPin(pin.reveal())),
    );
    await this.#client.clientPin(
      {
        protocol: this.#protocol.version,
        command: ClientPinCommand.SET_PIN,
        keyAgreement: pair.point,
        newPinEnc,
        pinUvAuthParam: this.#protocol.authenticate(secret, newPinEnc),
      },
      watch,
    );
  }

  /** A new PIN after the old. Rejects as tokenByPin does. */
  async changePin(old: Secret, pin: Secret, watch: Watch): Promise<void> {
    const { pair, secret } = await this.#agree(watch);
    const newPinEnc = this.#protocol.encrypt(
      secret,
      reading(() => paddedPin(pin.reveal())),
    );
    const pinHashEnc = this.#protocol.encrypt(secret, pinHashOf(old.reveal()));
    await this.#countingPin(watch, () =>
      this.#client.clientPin(
        {
          protocol: this.#protocol.version,
          command: ClientPinCommand.CHANGE_PIN,
          keyAgreement: pair.point,
          newPinEnc,
          pinHashEnc,
          pinUvAuthParam: this.#protocol.authenticate(secret, concatBytes(newPinEnc, pinHashEnc)),
        },
        watch,
      ),
    );
  }

  /** PIN tries left; undefined when the key does not say. */
  async pinRetries(watch: Watch): Promise<number | undefined> {
    const { version } = this.#protocol;
    const command = ClientPinCommand.GET_PIN_RETRIES;
    return (await this.#client.clientPin({ protocol: version, command }, watch)).pinRetries;
  }

  /** Finger tries left; undefined when the key does not say. */
  async uvRetries(watch: Watch): Promise<number | undefined> {
    const { version } = this.#protocol;
    const command = ClientPinCommand.GET_UV_RETRIES;
    return (await this.#client.clientPin({ protocol: version, command }, watch)).uvRetries;
  }

  // A fresh pair each time: after a wrong PIN the key has thrown its own away.
  async #agree(watch: Watch): Promise<Agreed> {
    const command = ClientPinCommand.GET_KEY_AGREEMENT;
    const { keyAgreement } = await this.#client.clientPin({ protocol: this.#protocol.version, command }, watch);
    if (keyAgreement === undefined) throw new LinkError("garbled", "the key gave no key agreement key");
    const pair = new AgreementPair();
    return { pair, secret: reading(() => this.#protocol.sharedSecret(pair, keyAgreement)) };
  }

  #token(secret: Uint8Array, encrypted: Uint8Array | undefined): Token {
    const { version, tokenLengths } = this.#protocol;
    const token = encrypted === undefined ? undefined : reading(() => this.#protocol.decrypt(secret, encrypted));
    if (token === undefined || !tokenLengths.includes(token.length)) {
      throw new LinkError("garbled", "the key gave no token, or one of a wrong length");
    }
    return { protocol: version, over: (hash) => this.#protocol.authenticate(token, hash) };
  }

  // The statuses say that the PIN was wrong, but not how often it may be wrong.
  async #countingPin<T>(watch: Watch, ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (cause) {
      const counted: readonly number[] = [CtapStatus.PIN_INVALID, CtapStatus.PIN_AUTH_BLOCKED, CtapStatus.PIN_BLOCKED];
      if (!(cause instanceof FidoRefusal) || !counted.includes(cause.code)) throw cause;
      const retries = cause.code === CtapStatus.PIN_BLOCKED ? 0 : await this.pinRetries(watch);
      throw new FidoRefusal(cause.code, retries === undefined ? {} : { retries });
    }
  }
}
