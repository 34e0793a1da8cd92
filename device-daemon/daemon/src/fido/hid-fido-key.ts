import {
  type AuthenticatorInfo,
  CtapCommand,
  CtapStatus,
  decodeAuthenticatorInfo,
  decodeCtapAssertion,
  decodeMadeCredential,
  encodeAttestationObject,
  encodeCtapRequest,
  encodeGetAssertion,
  encodeMakeCredential,
  MAX_MESSAGE,
  TokenPermission,
} from "@countersign/key-protocol";
import { AuthFlag } from "@countersign/protocol";
import { FIDO_SILENCE_MS } from "../hid/answer-wait.ts";
import type { HidBus } from "../hid/hid-bus.ts";
import { BUSY_MS, HidChannel, type Watch } from "../hid/hid-channel.ts";
import { LinkError } from "../hid/link-error.ts";
import type { FidoDescription } from "../key/fido-port.ts";
import type { Prompt } from "../prompt/prompt.ts";
import { checkAsserted, checkMade } from "./check-answer.ts";
import { credentialBatches } from "./credential-batches.ts";
import { CtapClient, reading } from "./ctap-client.ts";
import { describeFido } from "./describe-fido.ts";
import type { FidoAssert, FidoAsserted, FidoKey, FidoMade, FidoMake } from "./fido-key.ts";
import { FidoRefusal } from "./fido-refusal.ts";
import { PinAuth } from "./pin-auth.ts";
import { selectionRequest, wasTouched } from "./selection.ts";
import { setPinByPrompt } from "./set-pin.ts";
import { type Verification, withVerifiedUser } from "./verified-user.ts";

/** A FIDO2 key behind HID reports: CTAP2 under CTAPHID CBOR (docs/protocol/fido2.md). */
export class HidFidoKey implements FidoKey {
  readonly left: AbortSignal;
  readonly #client: CtapClient;

  private constructor(bus: HidBus, client: CtapClient) {
    this.#client = client;
    const left = new AbortController();
    this.left = left.signal;
    bus.listen(
      () => undefined,
      () => left.abort(new LinkError("left", `the key at ${bus.name} has left`)),
    );
  }

  static async connect(bus: HidBus): Promise<HidFidoKey> {
    return new HidFidoKey(bus, new CtapClient(await HidChannel.open(bus, BUSY_MS, FIDO_SILENCE_MS)));
  }

  async info(watch: Watch): Promise<FidoDescription> {
    const info = await this.#getInfo(watch);
    const pinSet = info.options.get("clientPin") === true;
    const retries = pinSet ? await PinAuth.of(this.#client, info)?.pinRetries(watch) : undefined;
    return describeFido(info, retries ?? 0);
  }

  async makeCredential(request: FidoMake, prompt: Prompt, watch: Watch): Promise<FidoMade> {
    const use = { permission: TokenPermission.MAKE_CREDENTIAL, rpId: request.rpId };
    return this.#verified(use, request.about, prompt, watch, async (info, user, inner) => {
      const [exclude = [], ...more] = credentialBatches(request.exclude, info, this.#client.maxMessage);
      if (more.length > 0) throw new FidoRefusal(CtapStatus.REQUEST_TOO_LARGE);
      const { rpId, rpName, userHandle, userName, clientDataHash } = request;
      const asked = { rpId, rpName, userHandle, userName, clientDataHash, exclude };
      const message = encodeMakeCredential({ ...asked, ...user.membersOver(clientDataHash) });
      const map = await this.#client.ask(message, inner);
      const made = reading(() => decodeMadeCredential(map));
      const credentialId = checkMade(made, rpId);
      const transports = info.transports.length === 0 ? ["usb"] : info.transports;
      return { credentialId, attestationObject: encodeAttestationObject(made), transports };
    });
  }

  async getAssertion(request: FidoAssert, prompt: Prompt, watch: Watch): Promise<FidoAsserted> {
    const use = { permission: TokenPermission.GET_ASSERTION, rpId: request.rpId };
    return this.#verified(use, request.about, prompt, watch, async (info, user, inner) => {
      const batches = credentialBatches(request.allow, info, this.#client.maxMessage);
      const allow = batches.length > 1 ? await this.#held(request, batches, user, inner) : batches[0];
      if (allow === undefined) throw new FidoRefusal(CtapStatus.NO_CREDENTIALS);
      return this.#assert(request, allow, user, inner);
    });
  }

  async setPin(prompt: Prompt, watch: Watch): Promise<void> {
    const inner = this.#whileThere(watch);
    const info = await this.#getInfo(inner);
    await setPinByPrompt(info, PinAuth.of(this.#client, info), prompt, inner);
  }

  async select(watch: Watch): Promise<void> {
    const inner = this.#whileThere(watch);
    const info = await this.#getInfo(inner);
    try {
      await this.#client.ask(selectionRequest(info), inner);
    } catch (cause) {
      if (!wasTouched(info, cause)) throw cause;
    }
  }

  async reset(watch: Watch): Promise<void> {
    await this.#client.ask(encodeCtapRequest(CtapCommand.RESET), watch);
  }

  async #getInfo(watch: Watch): Promise<AuthenticatorInfo> {
    const map = await this.#client.ask(encodeCtapRequest(CtapCommand.GET_INFO), watch, { anyOrder: true });
    const info = reading(() => decodeAuthenticatorInfo(map));
    this.#client.maxMessage = Math.min(info.maxMsgSize, MAX_MESSAGE);
    return info;
  }

  async #verified<T>(
    use: { readonly permission: TokenPermission; readonly rpId: string },
    about: readonly string[],
    prompt: Prompt,
    watch: Watch,
    act: (info: AuthenticatorInfo, user: Verification, inner: Watch) => Promise<T>,
  ): Promise<T> {
    const inner = this.#whileThere(watch);
    const info = await this.#getInfo(inner);
    const pinAuth = PinAuth.of(this.#client, info);
    return withVerifiedUser({ info, pinAuth, use, prompt, about, watch: inner }, (user) => act(info, user, inner));
  }

  async #assert(
    request: FidoAssert,
    allow: readonly Uint8Array[],
    user: Verification,
    watch: Watch,
  ): Promise<FidoAsserted> {
    const { rpId, clientDataHash } = request;
    const message = encodeGetAssertion({ rpId, clientDataHash, allow, ...user.membersOver(clientDataHash) });
    const map = await this.#client.ask(message, watch);
    const answer = reading(() => decodeCtapAssertion(map));
    const credentialId = checkAsserted(answer, { rpId, allow, flags: AuthFlag.USER_PRESENT | AuthFlag.USER_VERIFIED });
    return { credentialId, authenticatorData: answer.authData, signature: answer.signature };
  }

  // More credentials than one request takes: the key is asked, without a touch, which of them it has.
  async #held(
    request: FidoAssert,
    batches: readonly (readonly Uint8Array[])[],
    user: Verification,
    watch: Watch,
  ): Promise<readonly Uint8Array[] | undefined> {
    const { rpId } = request;
    const clientDataHash = new Uint8Array(32);
    const { auth } = user.membersOver(clientDataHash);
    for (const allow of batches) {
      const asked = { rpId, clientDataHash, allow, up: false };
      const message = encodeGetAssertion(auth === undefined ? asked : { ...asked, auth });
      try {
        const map = await this.#client.ask(message, watch);
        return [
          checkAsserted(
            reading(() => decodeCtapAssertion(map)),
            { rpId, allow, flags: 0 },
          ),
        ];
      } catch (cause) {
        if (!(cause instanceof FidoRefusal) || cause.told !== "NO_KEY") throw cause;
      }
    }
    return undefined;
  }

  #whileThere(watch: Watch): Watch {
    return { ...watch, signal: AbortSignal.any([watch.signal, this.left]) };
  }
}
