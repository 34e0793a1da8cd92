import { randomUUID } from "node:crypto";
import type { Command } from "commander";
import {
  AdminServiceBeginOwnLinkRequest,
  AdminServiceWatchOwnLinkRequest,
} from "@countersign/proto/node/admin/v1/admin_service";
import type { LinkServiceWatchLinkResponse } from "@countersign/proto/node/core/v1/link_service";
import { bearer, call, messages, reopened } from "@countersign/sdk";
import { CliError } from "../cli-error.ts";
import { followLink, linkAddress, tellBegun } from "../command/link.ts";
import { ExitCode } from "../exit-code.ts";
import { chooseKey, withDaemon } from "../session.ts";
import type { AdminGiven } from "./admin-connection.ts";
import type { Tree } from "./tree.ts";

export interface OwnLinkOptions {
  readonly key?: string;
  readonly address?: string;
}

/** `countersign admin link own PLATFORM`. */
export function addOwnLink(link: Command, { run }: Tree): void {
  link
    .command("own <platform>")
    .description("links a chat of your own through a bot of the administration; your key signs it")
    .option("--key <serial>", "which key, when several are plugged in")
    .option("--address <address>", "of mail and sms: where the messages go")
    .action((platform: string, options: OwnLinkOptions) => run((on) => linkOwnChat(on, platform, options)));
}

export function linkOwnChat(on: AdminGiven, platform: string, options: OwnLinkOptions): Promise<ExitCode> {
  const address = linkAddress(platform, options.address);
  const { given, core } = on;
  return withDaemon(given, async (daemon) => {
    const key = await chooseKey(daemon, options.key);
    const request = AdminServiceBeginOwnLinkRequest.create({ requestId: randomUUID(), platform, address });
    const { link } = await call(on.admin.beginOwnLink.bind(on.admin), request, core);
    if (link === undefined) throw new CliError(ExitCode.UNVERIFIED, "the core's answer holds no link");
    tellBegun(link, { platform, address }, given);
    return followLink(
      reopened(() => standings(on, link.linkId)),
      { core, daemon, key },
      given,
    );
  });
}

async function* standings(on: AdminGiven, linkId: string): AsyncGenerator<LinkServiceWatchLinkResponse, void> {
  const request = AdminServiceWatchOwnLinkRequest.create({ linkId });
  for await (const { link } of messages(on.admin.watchOwnLink(request, bearer(on.core.token)))) {
    if (link !== undefined) yield link;
  }
}
