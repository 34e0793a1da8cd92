import { Option, type Command } from "commander";
import {
  AdminServiceListLinksRequest,
  AdminServiceRevokeLinkRequest,
  AdminServiceRevokeLinkResponse,
} from "@countersign/proto/node/admin/v1/admin_service";
import { Channel, LinkState } from "@countersign/proto/node/core/v1/link_service";
import { call } from "@countersign/sdk";
import type { ExitCode } from "../exit-code.ts";
import { momentText } from "../output/moment-text.ts";
import type { Column } from "../output/table.ts";
import type { AdminGiven } from "./admin-connection.ts";
import { enumName } from "./enum-name.ts";
import { linkId, tenantId } from "./find.ts";
import { tellList, type ListOptions } from "./list.ts";
import { addOwnLink } from "./own-link.ts";
import { PLATFORMS } from "./platform.ts";
import { tellDone } from "./tell-done.ts";
import { ofTenant, paged, type TenantOption, type Tree } from "./tree.ts";

interface LinkFilter extends ListOptions, TenantOption {
  readonly of: string;
  readonly platform?: string;
}

const COLUMNS: readonly Column<Channel>[] = [
  { head: "Platform", of: ({ platform }) => platform },
  { head: "Chat", of: ({ peerName, peerId }) => peerName || peerId },
  { head: "State", of: ({ state }) => enumName(LinkState, state) },
  { head: "Since", of: ({ linkedAt }) => momentText(linkedAt) },
  { head: "Id", of: ({ linkId: id }) => id, isId: true },
];

/** `countersign admin link …`. */
export function addLinks(admin: Command, tree: Tree): void {
  const { run } = tree;
  const link = admin.command("link").description("channels of users, and your own");
  ofTenant(paged(link.command("list")))
    .description("those of a user, in the order of delivery")
    .requiredOption("--of <user>", "whose")
    .addOption(new Option("--platform <platform>", "only of this platform").choices(PLATFORMS))
    .action((options: LinkFilter) => run((on) => listLinks(on, options)));
  ofTenant(link.command("revoke <channel>"))
    .description("at once: it gets nothing more; CHANNEL is its id, the beginning of it, its platform or its name")
    .requiredOption("--of <user>", "whose")
    .action((wanted: string, options: TenantOption & { readonly of: string }) =>
      run((on) => revokeLink(on, wanted, options)),
    );
  addOwnLink(link, tree);
}

function listLinks(on: AdminGiven, options: LinkFilter): Promise<ExitCode> {
  return tellList(on, options, {
    ask: async (page) => {
      const tenant = await tenantId(on, options.tenant);
      const filter = { tenantId: tenant, userId: options.of, platform: options.platform ?? "" };
      const request = AdminServiceListLinksRequest.create({ ...filter, ...page });
      const { channels, nextPageToken } = await call(on.admin.listLinks.bind(on.admin), request, on.core);
      return { items: channels, nextPageToken };
    },
    columns: COLUMNS,
    type: Channel,
  });
}

async function revokeLink(
  on: AdminGiven,
  wanted: string,
  options: TenantOption & { readonly of: string },
): Promise<ExitCode> {
  const tenant = await tenantId(on, options.tenant);
  const userId = options.of;
  const id = await linkId(on, { tenantId: tenant, userId }, wanted);
  const request = AdminServiceRevokeLinkRequest.create({ tenantId: tenant, userId, linkId: id });
  const answer = await call(on.admin.revokeLink.bind(on.admin), request, on.core);
  return tellDone(on, AdminServiceRevokeLinkResponse, answer, ({ channels }) => {
    const left = channels.map(({ platform }) => platform).join(", ");
    return `channel ${id} of ${userId} is gone; left: ${left === "" ? "none, so nothing can be confirmed" : left}`;
  });
}
