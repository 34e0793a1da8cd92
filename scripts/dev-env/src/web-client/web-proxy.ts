import { listenWeb, WebBridge, type WebListening } from "@countersign/web-bridge";
import { ConfirmationServiceService } from "@countersign/proto/node/core/v1/confirmation_service";
import { ReceiptServiceService } from "@countersign/proto/node/core/v1/receipt_service";
import { TransactionServiceService } from "@countersign/proto/node/core/v1/transaction_service";
import { VerificationServiceService } from "@countersign/proto/node/core/v1/verification_service";
import { passing, type Tamper } from "../mitm/proxy.ts";

/** Malware between pages and the core: what it does may be changed while it runs. */
export interface WebProxy {
  readonly address: string;
  tamper: Tamper;
  close(): Promise<void>;
}

const SERVICES = [
  ...[TransactionServiceService, ConfirmationServiceService, ReceiptServiceService, VerificationServiceService],
];

/** Listens for gRPC-Web of pages of this origin and passes what they call on to the core. */
export async function startWebProxy(core: string, origin: string): Promise<WebProxy> {
  const proxy: { tamper: Tamper } = { tamper: (call, forward) => forward(call.request) };
  const between = passing({ target: core, services: SERVICES, tamper: (call, forward) => proxy.tamper(call, forward) });
  const rules = { origins: new Set([origin]), withoutOrigin: false, text: true, maxMessage: 1_048_576 };
  const listening: WebListening = await listenWeb(
    { host: "127.0.0.1", port: 0 },
    () => new WebBridge({ services: between.handlers, rules }),
  );
  return Object.assign(proxy, {
    address: `http://127.0.0.1:${listening.port}`,
    close: async () => {
      await listening.close(0);
      between.close();
    },
  });
}
