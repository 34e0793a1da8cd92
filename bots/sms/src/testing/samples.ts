import { Secret, type Message, type Outgoing } from "@countersign/bot-kit";

/** Number of the sample phone. */
export const SAMPLE_NUMBER = "+4915112345678";
/** Code of the sample, as the phone shows it. */
export const SAMPLE_SHORT_CODE = "482 915";

/** A prompt of mode A in few words, as an SMS has it; `more` follows in a row of its own. */
export function shortMessage(more: string = ""): Message {
  const code = { style: "code", text: new Secret("code", SAMPLE_SHORT_CODE) } as const;
  return {
    locale: "en",
    direction: "ltr",
    preview: "Confirmation waiting",
    blocks: [
      [
        [{ style: "strong", text: "Acme Bank AMBER TIGER" }],
        [{ style: "plain", text: "Code: " }, code],
        [{ style: "plain", text: "Valid until 14:32:10 (UTC+1). Type it only on your key." }],
        ...(more === "" ? [] : [[{ style: "value", text: more } as const]]),
      ],
    ],
    buttons: [],
  };
}

/** The short prompt on its way to the sample phone; its last look always says yes. */
export function shortOutgoing(more: Partial<Outgoing> = {}): Outgoing {
  return {
    deliveryId: "sample/1",
    peerId: SAMPLE_NUMBER,
    phase: "full",
    replaces: undefined,
    message: shortMessage(),
    notAfter: undefined,
    peerIdentity: "",
    beforeWrite: () => undefined,
    ...more,
  };
}
