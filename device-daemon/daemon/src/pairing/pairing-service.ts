import type { PairingServiceServer } from "@countersign/proto/node/device/v1/pairing_service";
import type { Logger } from "pino";
import { streaming, unary } from "../service/handlers.ts";
import { pageOf, pairingOf } from "../web/web-client.ts";
import { COMPARE_MS, type PairingDesk } from "./pairing-desk.ts";
import type { Pairings } from "./pairings.ts";

const QUICK_MS = 5_000;

/** The RPCs of countersign.device.v1.PairingService. Callers are pages that were let in: web/admit-page.ts names them. */
export function pairingService(desk: PairingDesk, pairings: Pairings, log: Logger): PairingServiceServer {
  return {
    pair: streaming(
      log,
      "Pair",
      () => COMPARE_MS + QUICK_MS,
      async (_request, { client, signal }, send) => {
        const show = (digits: string): void => send({ event: { $case: "compareCode", value: digits } });
        const token = await desk.pair(pageOf(client), signal, show);
        send({ event: { $case: "token", value: token } });
      },
    ),
    unpair: unary(log, "Unpair", QUICK_MS, async (_request, { client }) => {
      pairings.remove(pairingOf(client));
      return {};
    }),
  };
}
