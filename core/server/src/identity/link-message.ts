import { Channel, LinkState } from "@countersign/proto/node/core/v1/link_service";
import { Assurance } from "@countersign/proto/node/core/v1/content";
import { timestampOf } from "../delivery/timestamp.ts";
import { assuranceOf, type Assurance as Level } from "../policy/assurance.ts";
import type { Link } from "./link.ts";

const STATE: Readonly<Record<Link["state"], LinkState>> = {
  WAITING: LinkState.WAITING,
  CLAIMED: LinkState.CLAIMED,
  LINKED: LinkState.LINKED,
  DEAD: LinkState.DEAD,
  SUSPENDED: LinkState.SUSPENDED,
  FAILED: LinkState.FAILED,
  UNLINKED: LinkState.FAILED,
};

const ASSURANCE: Readonly<Record<Level, Assurance>> = {
  low: Assurance.LOW,
  medium: Assurance.MEDIUM,
  high: Assurance.HIGH,
};

export function linkStateOf({ state }: Link): LinkState {
  return STATE[state];
}

export function channelMessage(link: Link): Channel {
  return Channel.create({
    linkId: link.linkId,
    platform: link.platform,
    peerId: link.peerId ?? "",
    peerName: link.peerName ?? "",
    state: linkStateOf(link),
    linkedAt: link.linkedAt === undefined ? undefined : timestampOf(link.linkedAt),
    assurance: ASSURANCE[assuranceOf(link)],
  });
}
