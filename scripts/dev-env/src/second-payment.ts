import type { Installation } from "./installation.ts";
import type { Desk } from "./desk.ts";
import { newPayment } from "./new-payment.ts";
import { connect } from "./parts.ts";
import { PhoneInHand } from "./person/phone-in-hand.ts";
import { readMessage } from "./person/read-message.ts";

/** Another payment of the same user that is pending meanwhile, so that his phone shows two codes. */
export async function secondPayment(installation: Installation, desk: Desk): Promise<{ withdraw(): Promise<void> }> {
  const parts = connect(installation);
  const { transactionId, tag } = await newPayment(parts, desk.userId);
  await prompted(new PhoneInHand(desk.phoneUrl), tag);
  return {
    withdraw: async () => {
      await parts.transactions.cancel({ transactionId, reason: "not needed any more" });
      parts.close();
    },
  };
}

/** Waits until the phone shows the code of this tag. */
async function prompted(phone: PhoneInHand, tag: string): Promise<void> {
  const patience = AbortSignal.timeout(240_000);
  for (let version: number | undefined; ;) {
    const chat = await phone.look(version, patience);
    if (chat.messages.some((message) => readMessage(message)?.tag === tag)) return;
    version = chat.version;
  }
}
