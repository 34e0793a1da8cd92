import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { credentials, Metadata, status, type CallOptions, type ServiceError } from "@grpc/grpc-js";
import { UserServiceClient } from "@countersign/proto/node/core/v1/user_service";
import { ROOT } from "@countersign/testing/child";
import type { Desk } from "../desk.ts";
import type { Installation } from "../installation.ts";
import { meantByFile } from "../meant-by-file.ts";
import { PhoneInHand } from "../person/phone-in-hand.ts";
import { slippingFinger } from "../person/senses.ts";
import { freshFile } from "../scenarios/fresh-file.ts";
import { startClient, type Client, type ClientEnd, type Told } from "./client.ts";
import { confirms, enrols, stopsInTheChat, type Sitting } from "./sitting.ts";

const INVOICE = join(ROOT, "examples/bank/samples/invoice.xml");

/** What a user sets out to do with the real client. */
export type Flow = (installation: Installation, desk: Desk) => Promise<ClientEnd>;

/** Pays an invoice and confirms it. */
export const pays: Flow = (installation, desk) =>
  payInvoice(installation, desk, (file) => confirms(desk, meantByFile(file)));

/** Pays, types a wrong code first. */
export const errs: Flow = async (installation, desk) => {
  const finger = await slippingFinger(desk.keyUrl);
  try {
    return await payInvoice(installation, desk, (file) => confirms({ ...desk, keyUrl: finger.url }, meantByFile(file)));
  } finally {
    finger.close();
  }
};

/** Pays, and stops it in the chat. */
export const vetoes: Flow = (installation, desk) => payInvoice(installation, desk, () => stopsInTheChat(desk));

/** Pays, and presses Ctrl-C once the code is on the phone. */
export const withdraws: Flow = (installation, desk) =>
  payInvoice(
    installation,
    desk,
    () => ({ seated: Promise.resolve(), leave: () => Promise.resolve() }),
    ({ step }, client) => {
      if (step === "SENT") client.interrupt();
    },
  );

/** Links a chat. */
export const links: Flow = async (installation, desk) => {
  const phone = new PhoneInHand(desk.phoneUrl);
  let claiming: Promise<void> | undefined;
  const ended = await run(confirms(desk, ""), () =>
    startClient(installation, desk, ["link", installation.platform], ({ linkToken }) => {
      if (typeof linkToken === "string") claiming ??= phone.send(`/start ${linkToken}`);
    }),
  );
  await claiming;
  return ended;
};

/** Puts a credential on the key. */
export const enrolsKey: Flow = (installation, desk) =>
  run(enrols(desk), () => startClient(installation, desk, ["key", "enrol", "--serial", desk.serial]));

/** Becomes a user: the application asks for it again, under the same id, until it is answered. */
export const joins: Flow = async ({ coreAddress, submitTokenFile }, { userId }) => {
  const client = new UserServiceClient(coreAddress, credentials.createInsecure(), {
    "grpc.initial_reconnect_backoff_ms": 100,
  });
  const metadata = new Metadata({ waitForReady: true });
  metadata.set("authorization", `Bearer ${readFileSync(submitTokenFile, "utf8").trim()}`);
  const user = { requestId: `user-${userId}`, userId, phrase: "blue teapot", locale: "en", displayName: "" };
  const deadline = Date.now() + MOST_MS;
  const create = promisify<typeof user, Metadata, Partial<CallOptions>, unknown>(client.create.bind(client));
  try {
    for (;;) {
      const error = await create(user, metadata, { deadline }).then(
        () => undefined,
        (reason: ServiceError) => reason,
      );
      if (error === undefined) return { exitCode: 0, output: "", told: [] };
      if (error.code !== status.UNAVAILABLE) throw error;
    }
  } finally {
    client.close();
  }
};

function payInvoice(
  installation: Installation,
  desk: Desk,
  seat: (file: string) => Sitting,
  onTold?: (told: Told, client: Client) => void,
): Promise<ClientEnd> {
  const file = freshFile(INVOICE, desk.folder);
  return run(seat(file), () => startClient(installation, desk, ["pay", file, "--receipts", desk.folder], onTold));
}

const MOST_MS = 120_000;

async function run(sitting: Sitting, start: () => Client): Promise<ClientEnd> {
  await sitting.seated;
  const client = start();
  const timeout = setTimeout(() => client.kill(), MOST_MS);
  try {
    return await client.ended;
  } finally {
    clearTimeout(timeout);
    await sitting.leave();
  }
}
