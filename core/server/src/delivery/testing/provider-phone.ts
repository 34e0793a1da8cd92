import { Phase, type Deliver } from "@countersign/proto/node/channel/v1/channel_service";
import type { Platform } from "../../identity/tenant.ts";
import type { UnixMs } from "../../store/entity.ts";
import { Phone } from "./phone.ts";

/** One text that a phone got to see: which message, which code if any, when. */
export interface Sight {
  readonly messageId: string;
  readonly phase: Phase;
  readonly code: string;
  readonly at: UnixMs;
}

/**
 * A phone behind a provider of a platform: telegram and sandbox replace a message, matrix too, and takes a repeated
 * delivery id for the message it has; mail and SMS show each text they take as a message of its own.
 */
export class ProviderPhone extends Phone {
  readonly sights: Sight[] = [];
  readonly #platform: Platform;
  readonly #now: () => UnixMs;
  readonly #taken = new Map<string, string>();

  constructor(platform: Platform, now: () => UnixMs) {
    super();
    this.#platform = platform;
    this.#now = now;
  }

  override accept(message: Deliver): string {
    const known = this.#platform === "matrix" ? this.#taken.get(message.deliveryId) : undefined;
    if (known !== undefined) return known;
    const replaces = this.#platform !== "mail" && this.#platform !== "sms";
    const messageId = super.accept(replaces ? message : { ...message, providerId: "" });
    this.#taken.set(message.deliveryId, messageId);
    this.sights.push({ messageId, phase: message.phase, code: message.code, at: this.#now() });
    return messageId;
  }

  /** In how many messages this code was ever seen. */
  messagesWith(code: string): number {
    return new Set(this.sights.filter((sight) => sight.code === code).map(({ messageId }) => messageId)).size;
  }
}
