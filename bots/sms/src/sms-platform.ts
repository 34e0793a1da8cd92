import type { SegmentedText } from "./text/segments.ts";

/** One text for one phone. */
export interface Sms {
  /** E.164 with its plus sign. */
  readonly to: string;
  /** What the phone must show, byte for byte. */
  readonly text: string;
  /** The same, cut into the parts in which it travels. */
  readonly segmented: SegmentedText;
  /** The provider must not deliver later; undefined: whenever. */
  readonly notAfter: Date | undefined;
  /** 24 hex digits, the same over retries of one message. */
  readonly messageRef: string;
  /** It may take the place of one to the same phone that the provider still holds. */
  readonly supersedes: boolean;
}

/** What a call is bound to. */
export interface SubmitOptions {
  /** Ends the wait; what is known of the message then depends on whether it had left. */
  readonly signal: AbortSignal;
  /** Called directly before anything of the message leaves, after every wait. Throws ChannelError: nothing leaves. */
  readonly beforeWrite: () => void;
}

/** What a provider said of a message that it had accepted. */
export interface Receipt {
  /** The same when the provider repeats it. */
  readonly eventId: string;
  readonly to: string;
  /** As `submit` had resolved. */
  readonly providerId: string;
  /** True: on the phone. False: it never will be. */
  readonly reached: boolean;
}

/** Takes a receipt; resolves false when nobody is there to take it now, so that the provider repeats it. Never rejects. */
export type ReceiptTaker = (receipt: Receipt) => Promise<boolean>;

/** One account at one SMS provider. Its errors carry no text of the provider, no number and nothing of the message. */
export interface SmsPlatform {
  /** What a text can be written in at this provider. False: UCS-2 alone. */
  readonly speaksGsm7: boolean;
  /**
   * Tries the account once and leaves no trace. Rejects with ChannelError while the provider is away, with any other error
   * when it refuses the account for good.
   */
  check(signal: AbortSignal): Promise<void>;
  /** Holds the provider from now on, through its absences, until `close`. Resolves once it has it, or the signal aborts. */
  open(signal: AbortSignal): Promise<void>;
  /** Resolves with the provider's id of the message; opens when it is not. Never retries. Rejects with ChannelError alone. */
  submit(sms: Sms, options: SubmitOptions): Promise<string>;
  /** Who takes receipts, one at a time: the last given. */
  onReceipt(taker: ReceiptTaker): void;
  /** Lets what is under way be answered, then lets go. It may be opened again. Never rejects. */
  close(): Promise<void>;
}
