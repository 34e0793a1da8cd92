import { randomUUID } from "node:crypto";
import {
  LinkServiceBeginLinkRequest,
  LinkServiceWatchLinkRequest,
  LinkState,
} from "@countersign/proto/node/core/v1/link_service";
import { bearer, call, messages, reopened } from "@countersign/sdk";
import { renderUnicodeCompact } from "uqr";
import { refused } from "../cli-error.ts";
import { ExitCode } from "../exit-code.ts";
import { printable } from "../output/printable.ts";
import { chooseKey, withCore, withDaemon, type CommandGiven } from "../session.ts";
import { takeToKey } from "./take-to-key.ts";

/** Where nobody can show a token to a bot: the core writes to the address itself. */
const BY_ADDRESS: Readonly<Record<string, string>> = { mail: "erika@example.com", sms: "+491701234567" };

/**
 * `countersign link PLATFORM`: the chat claims the token, or the core writes to `--address`; then the key confirms the LINK
 * transaction.
 */
export function linkCommand(
  platform: string,
  options: { readonly key?: string; readonly address?: string },
  given: CommandGiven,
): Promise<ExitCode> {
  const address = checked(platform, options.address);
  const userId = given.settings.need("user");
  return withDaemon(given, async (daemon) => {
    const key = await chooseKey(daemon, options.key);
    return withCore(given, async (core) => {
      const request = LinkServiceBeginLinkRequest.create({ requestId: randomUUID(), userId, platform, address });
      const begun = await call(core.links.beginLink.bind(core.links), request, core);
      if (address === "") tellLink(begun.deepLink, begun.linkToken, given);
      else tellAddress(platform, address, given);
      const watch = LinkServiceWatchLinkRequest.create({ linkId: begun.linkId, userId });
      const open = () => messages(core.links.watchLink(watch, bearer(core.token)));
      for await (const event of reopened(open)) {
        given.terminal.record({ state: LINK_STATES[event.state] ?? "WAITING" });
        if (event.state === LinkState.CLAIMED) return takeToKey(event, { core, daemon, key }, given);
        if (event.state === LinkState.LINKED) return linked(given);
        if (event.state === LinkState.FAILED) return failed(event.reason, given);
      }
      return failed("the core ended the watch", given);
    });
  });
}

/** The address that is sent along: none for a chat. What an address looks like is the core's to say. */
function checked(platform: string, address = ""): string {
  if (!/^[a-z]{2,16}$/.test(platform))
    throw refused(`platform "${printable(platform)}": expected telegram, matrix, mail, sms or sandbox`);
  const example = BY_ADDRESS[platform];
  if (example !== undefined && address === "")
    throw refused(`${platform}: add the address that the messages go to, such as --address ${example}`);
  if (example === undefined && address !== "")
    throw refused(`--address: ${platform} needs none; you send its bot a token from your own phone`);
  return address;
}

const LINK_STATES: Readonly<Record<number, string>> = {
  [LinkState.WAITING]: "WAITING",
  [LinkState.CLAIMED]: "CLAIMED",
  [LinkState.LINKED]: "LINKED",
  [LinkState.FAILED]: "FAILED",
};

function tellLink(deepLink: string, token: string, { terminal }: CommandGiven): void {
  terminal.record({ state: "WAITING", deepLink, linkToken: token });
  if (deepLink === "") return terminal.progress(`Send this to the bot from your own phone: /start ${printable(token)}`);
  terminal.progress(`Open this on your own phone: ${printable(deepLink)}`);
  if (terminal.style.plain || terminal.io.stderr.isTTY !== true) return;
  for (const row of renderUnicodeCompact(deepLink).split("\n")) terminal.progress(row);
}

function tellAddress(platform: string, address: string, { terminal }: CommandGiven): void {
  terminal.record({ state: "WAITING", platform, address });
  terminal.progress(`A message with lines and code goes to ${printable(address)}. Read it on your own phone.`);
}

function linked({ terminal }: CommandGiven): ExitCode {
  terminal.result(`  ${terminal.sign("done")} Linked`);
  return ExitCode.DONE;
}

function failed(reason: string, { terminal }: CommandGiven): ExitCode {
  terminal.result(`  ${terminal.sign("failed")} ${printable(`Not linked (${reason})`)}; run it again for a new link`);
  return ExitCode.NOT_CONFIRMED;
}
