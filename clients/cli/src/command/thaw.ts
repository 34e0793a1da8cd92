import { randomUUID } from "node:crypto";
import { UserServiceRequestThawRequest } from "@countersign/proto/node/core/v1/user_service";
import { call } from "@countersign/sdk";
import type { ExitCode } from "../exit-code.ts";
import { chooseKey, withCore, withDaemon, type CommandGiven } from "../session.ts";
import { takeToKey } from "./take-to-key.ts";

/** `countersign thaw`: frees a frozen or blocked user by his own key. */
export function thawCommand(options: { readonly key?: string }, given: CommandGiven): Promise<ExitCode> {
  const userId = given.settings.need("user");
  return withDaemon(given, async (daemon) => {
    const key = await chooseKey(daemon, options.key);
    return withCore(given, async (core) => {
      const request = UserServiceRequestThawRequest.create({ requestId: randomUUID(), userId });
      const made = await call(core.users.requestThaw.bind(core.users), request, core);
      return takeToKey(made, { core, daemon, key }, given);
    });
  });
}
