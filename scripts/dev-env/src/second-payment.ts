import { Kind, Label } from "@countersign/proto/node/core/v1/content";
import type { Installation } from "./installation.ts";
import { connect } from "./parts.ts";

const text = (label: Label, value: string) => ({ label, value: { $case: "text" as const, value } });

/** Another payment of the same user that is pending meanwhile, so that his phone shows two codes. */
export async function secondPayment(
  installation: Installation,
  userId: string,
): Promise<{ withdraw(): Promise<void> }> {
  const parts = connect(installation);
  const { transaction } = await parts.transactions.create({
    requestId: `second-${Date.now()}`,
    userId,
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
