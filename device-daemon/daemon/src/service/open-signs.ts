import type { KeySession } from "../key/smart-key.ts";

/** A Sign that has not ended. */
export interface OpenSign {
  readonly client: string;
  readonly transactionId: string;
  /** The code is typed on the key, so `Answer` is refused. */
  readonly hasKeypad: boolean;
  /** Set once the request is on the key; of a FIDO2 key from the beginning. */
  session?: Pick<KeySession, "supplyCode">;
  /** Ends it as if its client had cancelled. */
  cancel(): void;
}

/** The Signs in progress. A client reaches only what came over its own connection. */
export class OpenSigns {
  readonly #open = new Set<OpenSign>();

  add(sign: OpenSign): void {
    this.#open.add(sign);
  }

  remove(sign: OpenSign): void {
    this.#open.delete(sign);
  }

  /** The Signs of this client for this transaction. */
  of(client: string, transactionId: string): readonly OpenSign[] {
    return [...this.#open].filter((sign) => sign.client === client && sign.transactionId === transactionId);
  }
}
