// The methods that a confirmation calls, each by itself: a page that needs two of them carries two.
import {
  CodeServiceGetDeliveryRequest,
  CodeServiceGetDeliveryResponse,
  CodeServiceWatchDeliveryRequest,
  CodeServiceWatchDeliveryResponse,
} from "@countersign/proto/web/core/v1/code_service";
import {
  ConfirmationServiceGetRequest,
  ConfirmationServiceGetResponse,
  ConfirmationServiceWatchRequest,
  ConfirmationServiceWatchResponse,
  ConfirmationServiceWithdrawRequest,
  ConfirmationServiceWithdrawResponse,
} from "@countersign/proto/web/core/v1/confirmation_service";
import { ReceiptServiceGetRequest, ReceiptServiceGetResponse } from "@countersign/proto/web/core/v1/receipt_service";
import {
  TransactionServiceCancelRequest,
  TransactionServiceCancelResponse,
  TransactionServiceCreateRequest,
  TransactionServiceCreateResponse,
  TransactionServiceWatchRequest,
  TransactionServiceWatchResponse,
} from "@countersign/proto/web/core/v1/transaction_service";
import {
  VerificationServiceSubmitAssertionRequest,
  VerificationServiceSubmitAssertionResponse,
  VerificationServiceSubmitStatementRequest,
  VerificationServiceSubmitStatementResponse,
} from "@countersign/proto/web/core/v1/verification_service";
import type { Method } from "./port.ts";

export const CREATE: Method<TransactionServiceCreateRequest, TransactionServiceCreateResponse> = {
  path: "/countersign.core.v1.TransactionService/Create",
  request: TransactionServiceCreateRequest,
  response: TransactionServiceCreateResponse,
};

export const WATCH_TRANSACTION: Method<TransactionServiceWatchRequest, TransactionServiceWatchResponse> = {
  path: "/countersign.core.v1.TransactionService/Watch",
  request: TransactionServiceWatchRequest,
  response: TransactionServiceWatchResponse,
};

export const CANCEL: Method<TransactionServiceCancelRequest, TransactionServiceCancelResponse> = {
  path: "/countersign.core.v1.TransactionService/Cancel",
  request: TransactionServiceCancelRequest,
  response: TransactionServiceCancelResponse,
};

export const GET_CONFIRMATION: Method<ConfirmationServiceGetRequest, ConfirmationServiceGetResponse> = {
  path: "/countersign.core.v1.ConfirmationService/Get",
  request: ConfirmationServiceGetRequest,
  response: ConfirmationServiceGetResponse,
};

export const WATCH_CONFIRMATION: Method<ConfirmationServiceWatchRequest, ConfirmationServiceWatchResponse> = {
  path: "/countersign.core.v1.ConfirmationService/Watch",
  request: ConfirmationServiceWatchRequest,
  response: ConfirmationServiceWatchResponse,
};

export const WITHDRAW: Method<ConfirmationServiceWithdrawRequest, ConfirmationServiceWithdrawResponse> = {
  path: "/countersign.core.v1.ConfirmationService/Withdraw",
  request: ConfirmationServiceWithdrawRequest,
  response: ConfirmationServiceWithdrawResponse,
};

export const SUBMIT_STATEMENT: Method<
  VerificationServiceSubmitStatementRequest,
  VerificationServiceSubmitStatementResponse
> = {
  path: "/countersign.core.v1.VerificationService/SubmitStatement",
  request: VerificationServiceSubmitStatementRequest,
  response: VerificationServiceSubmitStatementResponse,
};

export const SUBMIT_ASSERTION: Method<
  VerificationServiceSubmitAssertionRequest,
  VerificationServiceSubmitAssertionResponse
> = {
  path: "/countersign.core.v1.VerificationService/SubmitAssertion",
  request: VerificationServiceSubmitAssertionRequest,
  response: VerificationServiceSubmitAssertionResponse,
};

export const GET_RECEIPT: Method<ReceiptServiceGetRequest, ReceiptServiceGetResponse> = {
  path: "/countersign.core.v1.ReceiptService/Get",
  request: ReceiptServiceGetRequest,
  response: ReceiptServiceGetResponse,
};

export const GET_DELIVERY: Method<CodeServiceGetDeliveryRequest, CodeServiceGetDeliveryResponse> = {
  path: "/countersign.core.v1.CodeService/GetDelivery",
  request: CodeServiceGetDeliveryRequest,
  response: CodeServiceGetDeliveryResponse,
};

export const WATCH_DELIVERY: Method<CodeServiceWatchDeliveryRequest, CodeServiceWatchDeliveryResponse> = {
  path: "/countersign.core.v1.CodeService/WatchDelivery",
  request: CodeServiceWatchDeliveryRequest,
  response: CodeServiceWatchDeliveryResponse,
};
