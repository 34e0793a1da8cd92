import { DeviceServiceDefinition } from "@countersign/proto/web/device/v1/device_service";
import { PairingServiceDefinition } from "@countersign/proto/web/device/v1/pairing_service";
import { daemonPort, pairing } from "@countersign/pages";
import { PageDaemon } from "@countersign/sdk/browser";
import type { ClientMiddleware } from "nice-grpc-common";
import { createChannel, createClientFactory } from "nice-grpc-web";
import { CoreFailure } from "../connection/core-failure.ts";
import { bearer } from "../connection/core.ts";
import { translate } from "../connection/translate.ts";

/** The daemon of this PC. */
export function daemon(): PageDaemon {
  const channel = createChannel(`http://127.0.0.1:${daemonPort()}`);
  const factory = createClientFactory().use(translate).use(asDaemon);
  const device = factory.create(DeviceServiceDefinition, channel);
  const clients = { device, pairing: factory.create(PairingServiceDefinition, channel), bearer, isNotPaired };
  return new PageDaemon(clients, pairing);
}

/** Nobody at that port is another matter than a core that is away. */
const asDaemon: ClientMiddleware = async function* asDaemon(call, options) {
  try {
    return yield* call.next(call.request, options);
  } catch (error) {
    const isAway = error instanceof CoreFailure && error.reason === "UNREACHABLE";
    throw isAway ? new CoreFailure(error.code, "NO_DAEMON", error.message) : error;
  }
};

function isNotPaired(error: unknown): boolean {
  return error instanceof CoreFailure && error.reason === "NOT_PAIRED";
}
