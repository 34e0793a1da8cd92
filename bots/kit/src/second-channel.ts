import type { Message } from "./message/message.ts";
import type { Style } from "./wording/words.ts";

/** Chat services, as the token of a bot names them. */
export type Platform = "telegram" | "matrix" | "mail" | "sms" | "sandbox";

/** One message for one chat, worded, not yet rendered for the provider. */
export interface Outgoing {
  /** The same over retries of one message and phase, for providers that deduplicate. */
  readonly deliveryId: string;
  /** Stable id of the chat at the provider. */
  readonly peerId: string;
  /** Which message of its transaction it is; a reply answers something the user wrote. */
  readonly phase: "notice" | "full" | "outcome" | "alert" | "reply";
  /** The provider's id of the message that this one takes the place of; undefined: a new message. */
  readonly replaces: string | undefined;
  readonly message: Message;
  /** The message is worth nothing to the person from this moment on; undefined: a reply, which has no end of its own. */
  readonly notAfter: Date | undefined;
  /**
   * The cryptographic identity that was bound when the chat was linked; empty: none was. An adapter whose provider has
   * identities shows nothing to any other (permanent, CHANNEL_IDENTITY_CHANGED).
   */
  readonly peerIdentity: string;
  /**
   * Called by the adapter directly before every write to the provider, after all its own waiting. Throws ChannelError
   * (not-sent) when the deadline has passed or another process holds this bot's lease.
   */
  readonly beforeWrite: () => void;
}

/** Something a person wrote to the bot. Everything in it is attacker-controlled. */
export interface Said {
  /** The same when the provider repeats the event, so that the core acts once. */
  readonly eventId: string;
  readonly peerId: string;
  /** As the platform shows it. */
  readonly peerName: string;
  /** False for groups and channels: nothing is done there but leaving. */
  readonly privateChat: boolean;
  readonly text: string;
  /** When he wrote it, as the provider says; absent: the provider does not say. */
  readonly at?: Date;
  /** BCP 47 tag the platform reports for this person, used until the core names his language. */
  readonly locale: string;
  /** The words are somebody else's, passed on: they are answered and do nothing. Absent: his own, or nobody can tell. */
  readonly forwarded?: boolean;
  /** His cryptographic identity at the provider; absent: the provider has none, or he has not set one up. */
  readonly peerIdentity?: string;
}

/** A press on a button of a message. */
export interface Press {
  readonly eventId: string;
  readonly peerId: string;
  /** Id of the button, as the message had it. Attacker-controlled. */
  readonly buttonId: string;
  readonly locale: string;
}

/** How a press is answered, at most once: by the provider's own means, such as a pop-up. Must not throw. */
export type PressReply = (text: string) => void;

/**
 * Where adapters hand in what people do. Promises settle once the core has answered: until then the adapter must not
 * tell its provider that the event is dealt with, so that a crash loses no veto. They never reject.
 */
export interface FrontDesk {
  said(said: Said): Promise<void>;
  pressed(press: Press, reply: PressReply): Promise<void>;
  /** The provider says that this chat blocked the bot, no longer exists, or has another identity than before. */
  gone(eventId: string, peerId: string, why?: "CHANNEL_IDENTITY_CHANGED"): Promise<void>;
  /** Whether the bot may join a chat that this person invites it to: he is linked, or links are being made. */
  mayJoin(eventId: string, peerId: string): Promise<boolean>;
  /** The provider says what became of a message it had accepted: on the phone, or never going to be. */
  receipt(eventId: string, peerId: string, providerId: string, reached: boolean): Promise<void>;
}

/**
 * Carries messages to people, outside their PCs, and brings back what they write. One instance is one identity at one
 * provider. Every adapter passes `testChannelContract`.
 */
export interface SecondChannel {
  readonly platform: Platform;
  /** "short" where every character is paid for: the fewest words that hold what the message must hold. */
  readonly wording: Style;
  /** False: nobody reads what people answer, so no message asks them to. Absent: false for mail and SMS alone. */
  readonly hears?: boolean;
  /** Told to users by /status. */
  readonly endToEndEncrypted: boolean;
  /**
   * Resolves with the pattern of the address that opens the bot, holding `{token}` (empty: the platform has none), once
   * the provider knows this identity. Keeps trying while the provider is away. Rejects when it refuses the identity for
   * good, or when the signal aborts first. Disturbs no other process that holds the identity.
   */
  signIn(signal: AbortSignal): Promise<string>;
  /**
   * Called when this process holds the identity's lease; resolves once listening. Then listens until the signal aborts,
   * which means that the lease is gone, and keeps trying while the provider is away. Called again with the next lease.
   * Nothing that people did in between is lost. Never rejects.
   */
  listen(desk: FrontDesk, signal: AbortSignal): Promise<void>;
  /**
   * Shows the message and resolves with the provider's id of it once the provider accepted it. Nothing is truncated:
   * what does not fit is refused (permanent). Taking the place of a message by what it already says is a success.
   * Never retries by itself. Rejects with ChannelError and nothing else.
   */
  deliver(outgoing: Outgoing, signal: AbortSignal): Promise<string>;
  /** Frees what it holds, after the last `listen` has been aborted and the last `deliver` has settled. */
  close(): Promise<void>;
}
