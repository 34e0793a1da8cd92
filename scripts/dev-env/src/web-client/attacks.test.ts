// Malware between the page and the core: what it changes or makes up is never paid, and never called paid.
import { afterAll, beforeAll, expect } from "@jest/globals";
import {
  ConfirmationClass,
  ConfirmationServiceWatchResponse,
} from "@countersign/proto/node/core/v1/confirmation_service";
import type {
  Transaction,
  TransactionServiceCreateRequest,
  TransactionServiceCreateResponse,
} from "@countersign/proto/node/core/v1/transaction_service";
import {
  type VerificationServiceSubmitStatementRequest,
  VerificationServiceSubmitStatementResponse,
} from "@countersign/proto/node/core/v1/verification_service";
import { readLedger } from "../installation.ts";
import { alterRequest } from "../mitm/alter.ts";
import { malwareOf } from "../mitm/attacks.ts";
import { forgedReceipt } from "../mitm/forged-receipt.ts";
import type { Tamper } from "../mitm/proxy.ts";
import type { Person } from "../person/person.ts";
import { whileSitting } from "../person/sit.ts";
import { meantBy, newTyped, PayPage, personAt } from "./pay-page.ts";
import { startWebProxy, type WebProxy } from "./web-proxy.ts";
import { browserTest, MOST_MS, WebWorld } from "./web-world.ts";

let world: WebWorld;
let proxy: WebProxy;
beforeAll(async () => {
  world = await WebWorld.open();
  proxy = await startWebProxy(world.installation.coreAddress, world.otherOrigin);
  await world.bankThrough(proxy.address);
}, MOST_MS);
afterAll(async () => {
  await proxy?.close();
  await world?.close();
});

const CORE = "/countersign.core.v1.";
const isMallorys = (line: Record<string, unknown>): boolean => String(line["payee"]).includes("Mallory");

/** Another payment goes to the core, and the page is told of it. */
const altering: Tamper = async function* (call, forward) {
  const isCreate = call.method === `${CORE}TransactionService/Create`;
  yield* forward(isCreate ? alterRequest(call.request as TransactionServiceCreateRequest) : call.request);
};

/** The statement is swallowed, and the page told that all went well, with a receipt that was made up. */
function forgingSuccess(): Tamper {
  const caught = Promise.withResolvers<Uint8Array>();
  let transaction: Transaction | undefined;
  return async function* (call, forward) {
    switch (call.method) {
      case `${CORE}VerificationService/SubmitStatement`:
        caught.resolve((call.request as VerificationServiceSubmitStatementRequest).signedStatement);
        return yield VerificationServiceSubmitStatementResponse.create();
      case `${CORE}ConfirmationService/Watch`:
        await caught.promise;
        return yield ConfirmationServiceWatchResponse.create({ class: ConfirmationClass.EXECUTED, cursor: "forged" });
      case `${CORE}ReceiptService/Get`:
        if (transaction === undefined) throw new Error("a receipt of nothing");
        return yield { receipt: Buffer.from(forgedReceipt(transaction, await caught.promise)) };
      default:
        for await (const answer of forward(call.request)) {
          transaction = (answer as Partial<TransactionServiceCreateResponse>).transaction ?? transaction;
          yield answer;
        }
    }
  };
}

async function payUnder(tamper: Tamper, temper: Person["temper"] = "careful"): Promise<PayPage> {
  proxy.tamper = tamper;
  const context = await world.context();
  const at = await PayPage.open(world, context, { origin: world.otherOrigin });
  const typed = newTyped();
  await at.type(typed);
  await whileSitting(personAt(world.desk, meantBy(typed), temper), async () => {
    await at.go();
    await at.over();
  });
  return at;
}

browserTest(
  "threat: the core is given another payment and the page shown its own: TAMPERED, nothing is paid",
  async () => {
    const at = await payUnder(malwareOf("alter-tx3").toCore, "careless");
    expect(await at.over()).toBe("STOPPED: what the key signed is not what the bank holds");
    await at.page.context().close();
    expect(readLedger(world.installation).filter(isMallorys)).toEqual([]);
  },
  MOST_MS,
);

browserTest(
  "threat: the core holds something else than was meant: the key is not asked, and it is withdrawn",
  async () => {
    const at = await payUnder(altering);
    expect(await at.over()).toBe("STOPPED: the bank holds something else than what you meant");
    expect(await at.page.locator(".outcome").innerText()).toContain("Mallory Ltd ≠ Müller GmbH");
    await at.keyShows("idle");
    await at.page.context().close();
    expect(readLedger(world.installation).filter(isMallorys)).toEqual([]);
  },
  MOST_MS,
);

browserTest(
  "threat: a success with a receipt that was made up is not called one",
  async () => {
    const at = await payUnder(forgingSuccess());
    expect(await at.over()).toBe("The answer does not verify: trust your phone");
    expect(await at.page.getByText(/Receipt .* verified/).count()).toBe(0);
    await at.page.context().close();
  },
  MOST_MS,
);
