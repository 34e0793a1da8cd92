import {
  decodeAnswer,
  decodeKeyInfo,
  decodeSigned,
  encodeRequest,
  type EnrolKey,
  HidCommand,
  type KeyInfo,
  type KeyRequest,
  type Present,
  type Refused,
  Status,
  Subcommand,
  type UserMethod,
  WireError,
} from "@countersign/key-protocol";
import type { HidBus } from "../hid/hid-bus.ts";
import { HidChannel, type Watch } from "../hid/hid-channel.ts";
import { LinkError } from "../hid/link-error.ts";
import { KeyRefusal } from "./key-refusal.ts";
import type { KeySession, SmartKey } from "./smart-key.ts";

/** A Countersign key behind HID reports: command 0x59 (docs/protocol/hid.md section 5). */
export class HidSmartKey implements SmartKey {
  readonly #bus: HidBus;
  readonly #main: HidChannel;

  private constructor(bus: HidBus, main: HidChannel) {
    this.#bus = bus;
    this.#main = main;
  }

  static async connect(bus: HidBus): Promise<HidSmartKey> {
    return new HidSmartKey(bus, await HidChannel.open(bus));
  }

  async info(watch: Watch): Promise<KeyInfo> {
    return read(await ask(this.#main, { subcommand: Subcommand.GET_INFO }, watch), decodeKeyInfo);
  }

  async open(): Promise<KeySession> {
    return new HidKeySession(await HidChannel.open(this.#bus));
  }

  async enrol(request: Omit<EnrolKey, "subcommand">, watch: Watch): Promise<Uint8Array> {
    return read(await ask(this.#main, { ...request, subcommand: Subcommand.ENROL_KEY }, watch), decodeSigned);
  }

  async setPin(change: boolean, watch: Watch): Promise<void> {
    await ask(this.#main, { subcommand: change ? Subcommand.CHANGE_PIN : Subcommand.SET_PIN }, watch);
  }

  async reset(watch: Watch): Promise<void> {
    await ask(this.#main, { subcommand: Subcommand.RESET }, watch);
  }
}

class HidKeySession implements KeySession {
  readonly #channel: HidChannel;

  constructor(channel: HidChannel) {
    this.#channel = channel;
  }

  async present(request: Omit<Present, "subcommand">, watch: Watch): Promise<Uint8Array> {
    return read(await ask(this.#channel, { ...request, subcommand: Subcommand.PRESENT }, watch), decodeSigned);
  }

  async supplyCode(code: string): Promise<void> {
    const message = encodeRequest({ subcommand: Subcommand.SUPPLY_CODE, code });
    const answer = await this.#channel.askAside(
      HidCommand.COUNTERSIGN,
      message,
      (payload) => readCodeAnswer(payload) !== undefined,
    );
    const status = readCodeAnswer(answer) ?? Status.NOT_ALLOWED;
    if (status !== Status.OK) throw new KeyRefusal({ status } as Refused);
  }

  async verifyUser(method: UserMethod, watch: Watch): Promise<void> {
    await ask(this.#channel, { subcommand: Subcommand.VERIFY_USER, method }, watch);
  }
}

async function ask(channel: HidChannel, request: KeyRequest, watch: Watch): Promise<Uint8Array> {
  const payload = await channel.ask(HidCommand.COUNTERSIGN, encodeRequest(request), watch);
  const answer = read(payload, decodeAnswer);
  if ("answers" in answer) throw new LinkError("garbled", "the key answered another request");
  if (answer.status !== Status.OK) throw new KeyRefusal(answer);
  return answer.body;
}

// What a key sends that is no answer means that reports were changed, or that it is no key of ours.
function read<T>(bytes: Uint8Array, decode: (bytes: Uint8Array) => T): T {
  try {
    return decode(bytes);
  } catch (cause) {
    if (cause instanceof WireError)
      throw new LinkError("garbled", `the key's answer makes no sense: ${cause.message}`, { cause });
    throw cause;
  }
}

function readCodeAnswer(payload: Uint8Array): Status | undefined {
  try {
    const answer = decodeAnswer(payload);
    return "answers" in answer ? answer.status : undefined;
  } catch {
    return undefined;
  }
}
