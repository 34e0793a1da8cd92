import type { HexId, UnixMs } from "../store/entity.ts";
import type { Platform } from "./tenant.ts";

/** A chat of a user, from the moment a link token for it is issued. */
export interface Link {
  readonly linkId: HexId;
  readonly tenantId: HexId;
  readonly userId: string;
  readonly platform: Platform;
  readonly state: "WAITING" | "CLAIMED" | "LINKED" | "DEAD" | "SUSPENDED" | "FAILED" | "UNLINKED";
  /** Set by the claim. */
  readonly botId: HexId | undefined;
  readonly peerId: string | undefined;
  /** Only if it is safe text. */
  readonly peerName: string | undefined;
  /** His cryptographic identity at the provider, as claimed and then signed by the key; absent: none is bound. */
  readonly peerIdentity?: string;
  /** The LINK transaction. */
  readonly txId: HexId | undefined;
  /** End of WAITING. */
  readonly until: UnixMs;
  readonly linkedAt: UnixMs | undefined;
  /** Not for high value before this moment. */
  readonly heldUntil: UnixMs;
  /** Prompts in a row that nobody reacted to; 10 pause the chat until any command from it, or a thaw. */
  readonly unanswered: number;
  readonly failure: string | undefined;
  /** When it became DEAD last. */
  readonly diedAt?: UnixMs;
  /** When the other channels were told of a death last. */
  readonly deathToldAt?: UnixMs;
  /** UNLINKED since then, and codes may still stand in its chat. */
  readonly leavingAt?: UnixMs;
}

/** A link token that was issued; the entity's id is the hex SHA-256 of the token. One use. */
export interface LinkToken {
  readonly tenantId: HexId;
  readonly userId: string;
  readonly linkId: HexId;
  readonly platform: Platform;
  readonly until: UnixMs;
  readonly usedBy: string | undefined;
}

/** Whose chat this is: the entity's id is `botId:peerId`. Undefined fields: it was unlinked. */
export interface Peer {
  readonly tenantId: HexId;
  readonly userId: string | undefined;
  readonly linkId: HexId | undefined;
}

/** Whether tokens for a platform are about: the latest end of any, rounded up to a minute. */
export interface OpenLinks {
  readonly until: UnixMs;
}

/** The links that were begun by address lately, by one user or for one address. */
export interface LinkRate {
  readonly uses: readonly { readonly linkId: HexId; readonly at: UnixMs }[];
}
