// People with keys of software and phones, over gRPC alone: what works with a core of any version.
import type { Transaction } from "@countersign/proto/node/core/v1/transaction_service";
import type { Parts } from "../parts.ts";
import { PhoneInHand } from "../person/phone-in-hand.ts";
import { readMessage } from "../person/read-message.ts";
import type { SoftKey } from "../scenarios/soft-key.ts";

const MOST_MS = 40_000;

/** Someone with a key. */
export interface SoftPerson {
  readonly userId: string;
  readonly key: SoftKey;
}

/** What they do. */
export class SoftPeople {
  readonly #parts: Parts;
  readonly #phones: ReadonlyMap<string, PhoneInHand>;

  /** `phones`: where each sees his chat. */
  constructor(parts: Parts, phones: Readonly<Record<string, string>>) {
    this.#parts = parts;
    this.#phones = new Map(Object.entries(phones).map(([userId, url]) => [userId, new PhoneInHand(url)]));
  }

  /** Enrols the key and links the chat. */
  async join({ userId, key }: SoftPerson): Promise<void> {
    const { users, keys, links, platform } = this.#parts;
    await users.create({ requestId: `user-${userId}`, userId, phrase: "blue teapot", locale: "en" });
    const begun = await keys.beginEnrolment({
      requestId: `key-${userId}`,
      ...{ userId, serial: key.serial, digits: false },
    });
    await keys.finishEnrolment({ enrolmentToken: begun.enrolmentToken, signedEnrolment: key.enrol(begun) });
    const link = await links.beginLink({ requestId: `link-${userId}`, userId, platform, address: "" });
    await this.#phoneOf(userId).send(`/start ${link.linkToken}`);
    for await (const { transaction } of links.watchLink({ linkId: link.linkId, userId })) {
      if (transaction !== undefined) await this.approve(transaction, key, await this.codeOf(transaction, userId));
    }
  }

  approve({ transactionId, ...rest }: Transaction, key: SoftKey, code: string): Promise<unknown> {
    const signedStatement = key.approve({ transactionId, ...rest }, code);
    return this.#parts.verification.submitStatement({ transactionId, signedStatement });
  }

  /** The code of the message with the transaction's tag, once the phone shows it. */
  async codeOf({ tag }: Transaction, userId: string): Promise<string> {
    const patience = AbortSignal.timeout(MOST_MS);
    for (let version: number | undefined; ;) {
      const chat = await this.#phoneOf(userId).look(version, patience);
      version = chat.version;
      const read = chat.messages.map(readMessage).find((message) => message?.tag === tag);
      if (read !== undefined) return read.code;
    }
  }

  #phoneOf(userId: string): PhoneInHand {
    const phone = this.#phones.get(userId);
    if (phone === undefined) throw new Error(`${userId} has no phone`);
    return phone;
  }
}
