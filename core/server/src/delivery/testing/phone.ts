import { Phase, type Deliver } from "@countersign/proto/node/channel/v1/channel_service";

export interface PhoneMessage {
  readonly id: string;
  readonly peerId: string;
  content: Deliver;
}

/** A messenger with a phone behind it: keeps what a person sees, chat by chat, and every code that ever stood there. */
export class Phone {
  readonly messages: PhoneMessage[] = [];
  readonly codes: string[] = [];
  #next = 0;

  /** The provider accepts the message; a message with an id is replaced, one without is new. Returns the id. */
  accept(message: Deliver): string {
    if (message.code !== "") this.codes.push(message.code);
    const known = this.messages.find(({ id }) => id === message.providerId);
    if (known !== undefined) {
      known.content = message;
      return known.id;
    }
    const id = `m${++this.#next}`;
    this.messages.push({ id, peerId: message.peerId, content: message });
    return id;
  }

  /** Messages in which a code can be read now. */
  withCode(): PhoneMessage[] {
    return this.messages.filter(({ content }) => content.phase === Phase.FULL && content.code !== "");
  }
}
