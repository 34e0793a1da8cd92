// What a core has to know before requests get anywhere: a user with key and chat, transactions, tokens of every kind.
import { Metadata } from "@grpc/grpc-js";
import { type Field, Kind, Label } from "@countersign/proto/node/core/v1/content";
import {
  TransactionServiceCreateRequest,
  TransactionServiceService,
} from "@countersign/proto/node/core/v1/transaction_service";
import { BenchBot } from "../bench-harness/bench-bot.ts";
import { setUpUser } from "../bench-harness/bench-user.ts";
import { Wire } from "../bench-harness/wire.ts";
import type { OwnCore } from "./own-core.ts";

export interface Installed {
  /** Ids and names that exist, so that requests get beyond the first look-up. */
  readonly known: readonly string[];
  /** A bearer token for each kind of caller. */
  readonly tokens: Readonly<Record<string, string>>;
}

const USERS = 3;

export function bearer(token: string): Metadata {
  const metadata = new Metadata();
  metadata.set("authorization", `Bearer ${token}`);
  return metadata;
}

export async function install(core: OwnCore): Promise<Installed> {
  const app = bearer(core.tokens.submit);
  const wire = new Wire(core.address, 2, app);
  const known = ["EUR", "DE89370400440532013000", core.serverId, "telegram", ""];
  let confirmation = "";
  const bot = await BenchBot.attach(wire, bearer(core.tokens.bot), "telegram");
  try {
    for (let i = 0; i < USERS; i++) {
      const { userId, peerId } = await setUpUser(wire, app, bot, i);
      const draft = { requestId: `waits-${i}`, userId, kind: Kind.PAY, fields: payment(i) };
      const request = TransactionServiceCreateRequest.create(draft);
      const created = await wire.call(TransactionServiceService.create, request);
      confirmation = created.confirmationToken;
      known.push(userId, peerId, created.transaction?.transactionId ?? "", created.transaction?.tag ?? "");
    }
    await bot.detach();
  } finally {
    bot.cancel();
    wire.close();
  }
  const { submit, execute } = core.tokens;
  return { known, tokens: { submit, execute, confirmation, bot: core.tokens.bot, nobody: "cs_app_nobody" } };
}

function payment(n: number): Field[] {
  return [
    { label: Label.AMOUNT, value: { $case: "amount", value: { currency: "EUR", minorUnits: String(100_000 + n) } } },
    { label: Label.TO, value: { $case: "text", value: "Müller GmbH" } },
    {
      label: Label.ACCOUNT,
      value: { $case: "account", value: { id: { $case: "iban", value: "DE89370400440532013000" } } },
    },
  ];
}
