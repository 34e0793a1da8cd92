import * as code from "@countersign/proto/web/core/v1/code_service";
import * as confirmation from "@countersign/proto/web/core/v1/confirmation_service";
import * as receipt from "@countersign/proto/web/core/v1/receipt_service";
import * as transaction from "@countersign/proto/web/core/v1/transaction_service";
import * as verification from "@countersign/proto/web/core/v1/verification_service";
import { expect, test } from "@jest/globals";
import * as methods from "./methods.ts";

test("every method is one of the protos, with its own messages", () => {
  const services = [
    ...[code.CodeServiceDefinition, confirmation.ConfirmationServiceDefinition, receipt.ReceiptServiceDefinition],
    ...[transaction.TransactionServiceDefinition, verification.VerificationServiceDefinition],
  ];
  const known: ReadonlyMap<string, unknown> = new Map(
    services.flatMap(({ fullName, methods: all }) =>
      Object.values(all).map((one) => [`/${fullName}/${one.name}`, [one.requestType, one.responseType]] as const),
    ),
  );
  for (const { path, request, response } of Object.values(methods)) {
    expect([path, known.get(path)]).toEqual([path, [request, response]]);
  }
});
