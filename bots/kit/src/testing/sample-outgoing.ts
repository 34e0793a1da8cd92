import type { Deliver, Phase } from "@countersign/proto/node/channel/v1/channel_service";
import { readDelivery } from "../message/delivery.ts";
import { messageFor } from "../message/message-for.ts";
import type { Manner } from "../message/message.ts";
import type { Outgoing } from "../second-channel.ts";
import { sampleDeliver } from "./sample.ts";

const beforeWrite = (): void => undefined;

/** The sample prompt as an adapter gets it; its last look always says yes. */
export function sampleOutgoing(phase: Phase, more: Partial<Deliver> = {}, manner: Partial<Manner> = {}): Outgoing {
  const delivery = readDelivery(sampleDeliver(phase, more));
  const { deliveryId, peerId, phase: name, replaces, notAfter, peerIdentity } = delivery;
  const message = messageFor(delivery, { zone: "Europe/Berlin", style: "full", hears: true, ...manner });
  return { deliveryId, peerId, phase: name, replaces, message, notAfter, peerIdentity, beforeWrite };
}
