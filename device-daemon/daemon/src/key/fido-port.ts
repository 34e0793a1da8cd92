import type { Watch } from "../hid/hid-channel.ts";

/** What the list of keys says about a FIDO2 key, all of it as the key says. */
export interface FidoDescription {
  /** A name for people, made of what the key tells; it never tells a serial. */
  readonly model: string;
  readonly firmware: string;
  readonly pinSet: boolean;
  readonly pinRetries: number;
  /** It has a finger sensor, and fingers are enrolled. */
  readonly hasBiometric: boolean;
}

/** What the registry asks of a FIDO2 key; the RPCs ask for more. */
export interface FidoPort {
  info(watch: Watch): Promise<FidoDescription>;
}
