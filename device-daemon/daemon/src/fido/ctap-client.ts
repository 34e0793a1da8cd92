import {
  type ClientPinAnswer,
  type ClientPinRequest,
  type CtapCborOptions,
  CtapError,
  type CtapMap,
  CtapStatus,
  decodeClientPinAnswer,
  decodeCtapMessage,
  encodeClientPin,
  HidCommand,
} from "@countersign/key-protocol";
import type { HidChannel, Watch } from "../hid/hid-channel.ts";
import { LinkError } from "../hid/link-error.ts";
import { FidoRefusal } from "./fido-refusal.ts";

/** Before getInfo has said more: what CTAP2 demands of every key. */
const FIRST_MAX_MESSAGE = 1024;

/** The host's end of CTAP2 on one channel. */
export class CtapClient {
  readonly #channel: HidChannel;
  /** Longest request in bytes, as getInfo says. */
  maxMessage: number = FIRST_MAX_MESSAGE;

  constructor(channel: HidChannel) {
    this.#channel = channel;
  }

  /**
   * Sends a request and resolves with the map of the answer. Rejects with FidoRefusal when the key says no, with LinkError
   * "garbled" when what it says is no CTAP2, and as HidChannel.ask does.
   */
  async ask(request: Uint8Array, watch: Watch, options: CtapCborOptions = {}): Promise<CtapMap> {
    if (request.length > this.maxMessage) throw new FidoRefusal(CtapStatus.REQUEST_TOO_LARGE);
    const answer = await this.#channel.ask(HidCommand.CBOR, request, watch);
    // A refusal is its first byte; keys are known to append things that nobody reads.
    const [status] = answer;
    if (status !== undefined && status !== CtapStatus.OK) throw new FidoRefusal(status);
    return reading(() => decodeCtapMessage(answer, options).map);
  }

  async clientPin(request: ClientPinRequest, watch: Watch): Promise<ClientPinAnswer> {
    const map = await this.ask(encodeClientPin(request), watch);
    return reading(() => decodeClientPinAnswer(map));
  }
}

/** What a key sends that is no CTAP2 means that reports were changed, or that it lies. */
export function reading<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof CtapError) {
      throw new LinkError("garbled", `the key's answer makes no sense: ${cause.message}`, { cause });
    }
    throw cause;
  }
}
