import { randomUUID } from "node:crypto";
import {
  LinkServiceBeginLinkRequest,
  LinkServiceWatchLinkRequest,
  LinkState,
  type LinkServiceBeginLinkResponse,
  type LinkServiceWatchLinkResponse,
} from "@countersign/proto/node/core/v1/link_service";
import {
  bearer,
  call,
  messages,
  reopened,
  type CoreConnection,
  type DaemonConnection,
  type LocalKey,
} from "@countersign/sdk";
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
  const address = linkAddress(platform, options.address);
  const userId = given.settings.need("user");
  return withDaemon(given, async (daemon) => {
    const key = await chooseKey(daemon, options.key);
    return withCore(given, async (core) => {
      const request = LinkServiceBeginLinkRequest.create({ requestId: randomUUID(), userId, platform, address });
      const begun = await call(core.links.beginLink.bind(core.links), request, core);
      tellBegun(begun, { platform, address }, given);
      const watch = LinkServiceWatchLinkRequest.create({ linkId: begun.linkId, userId });
      const open = () => messages(core.links.watchLink(watch, bearer(core.token)));
      return followLink(reopened(open), { core, daemon, key }, given);
    });
  });
}

/** What the user does now: opens the link on his phone, or reads the message that comes to his address. */
export function tellBegun(
  { deepLink, linkToken }: LinkServiceBeginLinkResponse,
  { platform, address }: { readonly platform: string; readonly address: string },
  given: CommandGiven,
): void {
  if (address === "") tellLink(deepLink, linkToken, given);
  else tellAddress(platform, address, given);
}

/** From the link's first standing to its end; once the chat has claimed it, the key confirms the LINK transaction. */
export async function followLink(
  events: AsyncIterable<LinkServiceWatchLinkResponse>,
  open: { readonly core: CoreConnection; readonly daemon: DaemonConnection; readonly key: LocalKey },
  given: CommandGiven,
): Promise<ExitCode> {
  for await (const event of events) {
    given.terminal.record({ state: LINK_STATES[event.state] ?? "WAITING" });
    if (event.state === LinkState.CLAIMED) return takeToKey(event, open, given);
    if (event.state === LinkState.LINKED) return linked(given);
    if (event.state === LinkState.FAILED) return failed(event.reason, given);
  }
  return failed("the core ended the watch", given);
}

/** The address that is sent along: none for a chat. What an address looks like is the core's to say. */
export function linkAddress(platform: string, address = ""): string {
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
