import { randomUUID } from "node:crypto";
import { Kind, State } from "@countersign/proto/node/core/v1/content";
import { TransactionServiceListRequest } from "@countersign/proto/node/core/v1/transaction_service";
import { UserServiceRequestThawRequest } from "@countersign/proto/node/core/v1/user_service";
import { call, type CoreConnection, type WireTransaction } from "@countersign/sdk";
import type { ExitCode } from "../exit-code.ts";
import { chooseKey, withCore, withDaemon, type CommandGiven } from "../session.ts";
import { takeToKey } from "./take-to-key.ts";

/** `countersign thaw`: frees a frozen or blocked user by his own key, also where he asked for it by `/thaw` in the chat. */
export function thawCommand(options: { readonly key?: string }, given: CommandGiven): Promise<ExitCode> {
  const userId = given.settings.need("user");
  return withDaemon(given, async (daemon) => {
    const key = await chooseKey(daemon, options.key);
    return withCore(given, async (core) => {
      const made = (await openThaw(core, userId)) ?? (await requestThaw(core, userId));
      return takeToKey(made, { core, daemon, key }, given);
    });
  });
}

type Made = { readonly transaction: WireTransaction | undefined; readonly confirmationToken: string };

/** A user has one THAW at a time, so one that is open is the one that he wants. */
async function openThaw(core: CoreConnection, userId: string): Promise<Made | undefined> {
  const request = TransactionServiceListRequest.create({ userId });
  const { transactions } = await call(core.transactions.list.bind(core.transactions), request, core);
  const open = transactions.find(({ kind, state }) => kind === Kind.THAW && state === State.PENDING);
  return open && { transaction: open, confirmationToken: "" };
}

function requestThaw(core: CoreConnection, userId: string): Promise<Made> {
  const request = UserServiceRequestThawRequest.create({ requestId: randomUUID(), userId });
  return call(core.users.requestThaw.bind(core.users), request, core);
}
