import type { DeviceServiceServer } from "@countersign/proto/node/device/v1/device_service";
import type { Logger } from "pino";
import { MissedFile } from "../pairing/missed-file.ts";
import { PairingDesk } from "../pairing/pairing-desk.ts";
import { PairingFile } from "../pairing/pairing-file.ts";
import { pairingService } from "../pairing/pairing-service.ts";
import { Pairings } from "../pairing/pairings.ts";
import type { Prompt } from "../prompt/prompt.ts";
import { servePages, type ServingPages } from "./serve-pages.ts";
import type { WebConfig } from "./web-config.ts";

/** What pages reach. */
export interface PageGiven {
  readonly device: DeviceServiceServer;
  readonly prompt: Prompt;
  readonly log: Logger;
}

/** Opens the loopback mode. Rejects with PairingFileError, or when the port is taken. */
export async function startPages(config: WebConfig, { device, prompt, log }: PageGiven): Promise<ServingPages> {
  const { port, origins, state } = config;
  const pairings = new Pairings(new PairingFile(state));
  const desk = new PairingDesk({ pairings, prompt, missed: new MissedFile(state), now: () => Date.now() });
  const pairing = pairingService(desk, pairings, log);
  const serving = await servePages({ port, origins, device, pairing, pairings });
  pairings.watch();
  log.info({ port: serving.port, origins }, "pages may ask to be paired");
  return {
    port: serving.port,
    close: async () => {
      pairings.close();
      await serving.close();
    },
  };
}
