import { Kind, Label } from "@countersign/proto/node/core/v1/content";
import type { Installation } from "./installation.ts";
import type { Desk } from "./desk.ts";
import { connect } from "./parts.ts";
import { PhoneInHand } from "./person/phone-in-hand.ts";
import { readMessage } from "./person/read-message.ts";

const text = (label: Label, value: string) => ({ label, value: { $case: "text" as const, value } });

/** Another payment of the same user that is pending meanwhile, so that his phone shows two codes. */
export async function secondPayment(installation: Installation, desk: Desk): Promise<{ withdraw(): Promise<void> }> {
  const parts = connect(installation);
  const { transaction } = await parts.transactions.create({
    requestId: `second-${Date.now()}`,
    userId: desk.userId,
    kind: Kind.PAY,
    fields: [
      { label: Label.AMOUNT, value: { $case: "amount", value: { currency: "EUR", minorUnits: "4200" } } },
      text(Label.TO, "Blumen Krause"),
      {
        label: Label.ACCOUNT,
        value: { $case: "account", value: { id: { $case: "iban", value: "DE02120300000000202051" } } },
      },
      text(Label.REFERENCE, `Flowers ${Date.now()}`),
    ],
    payloadSha256: Buffer.alloc(0),
    keyIds: [],
    lifetime: undefined,
    modeHint: 0,
    contentVersions: [],
    repeatOf: "",
  });
  await prompted(new PhoneInHand(desk.phoneUrl), transaction?.tag ?? "");
  return {
    withdraw: async () => {
      await parts.transactions.cancel({
        transactionId: transaction?.transactionId ?? "",
        reason: "not needed any more",
      });
      parts.close();
    },
  };
}

/** Waits until the phone shows the code of this tag. */
async function prompted(phone: PhoneInHand, tag: string): Promise<void> {
  const patience = AbortSignal.timeout(10_000);
  for (let version: number | undefined; ;) {
    const chat = await phone.look(version, patience);
    if (chat.messages.some((message) => readMessage(message)?.tag === tag)) return;
    version = chat.version;
  }
}
