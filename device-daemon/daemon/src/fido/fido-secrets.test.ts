import { createServer, connect, type Server } from "node:net";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { toHex, utf8 } from "@countersign/protocol";
import { Cable } from "../testing/cable.ts";
import { DeviceClient } from "../testing/device-client.ts";
import { enrolling, enrolRequest, fidoSignRequest, signing, startFidoRig } from "../testing/fido-rig.ts";

// Long and unlikely, so that finding them means that they are there.
const PIN_CANARY = "739104628517";
const CODE_CANARY = "9182736450";

/** Everything that a client and the daemon say to each other, in the clear. */
async function tap(path: string, daemon: string, frames: Buffer[]): Promise<Server> {
  const server = createServer((client) => {
    const target = connect(daemon);
    client.on("data", (chunk: Buffer) => frames.push(chunk)).pipe(target);
    target.on("data", (chunk: Buffer) => frames.push(chunk)).pipe(client);
    for (const end of [client, target]) end.on("error", () => end.destroy());
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return server;
}

function places(where: Readonly<Record<string, Buffer>>, secret: string): string[] {
  const forms = [Buffer.from(secret), Buffer.from([...secret].map(Number)), Buffer.from(toHex(utf8(secret)))];
  return Object.entries(where).flatMap(([name, bytes]) => (forms.some((form) => bytes.includes(form)) ? [name] : []));
}

test("D13: PIN and code typed into the daemon's prompt are in no RPC, HID report, log or store", async () => {
  let cable: Cable | undefined;
  const rig = await startFidoRig({
    via: async (keySocket, folder) => {
      cable = await Cable.lay(join(folder, "cable.sock"), keySocket);
      return join(folder, "cable.sock");
    },
  });
  const frames: Buffer[] = [];
  const path = join(rig.folder, "tap.sock");
  const server = await tap(path, rig.address.replace("unix:", ""), frames);
  const client = new DeviceClient(`unix:${path}`);
  rig.pinentry.types(PIN_CANARY, PIN_CANARY);
  await client.setPin();
  rig.pinentry.types("000000", PIN_CANARY);
  const enrolled = enrolling({ ...rig, client }, enrolRequest());
  await rig.hands.until("fido");
  await rig.hands.press("ok");
  const credentialId = (await enrolled).last!.credentialId;
  rig.pinentry.types(CODE_CANARY, PIN_CANARY);
  const signed = signing(client, fidoSignRequest([credentialId], { requester: "canary" }));
  await rig.hands.until("fido");
  await rig.hands.press("ok");
  expect((await signed).last).toBeDefined();
  client.close();
  server.close();
  const store = readdirSync(join(rig.folder, "key-1")).map((name) => readFileSync(join(rig.folder, "key-1", name)));
  const logs = Buffer.concat([Buffer.from(rig.daemon.output() + rig.emulators[0]!.output()), ...store]);
  await rig.stop();
  await cable?.close();
  // One report's data after the other, so that a value over two reports is found, too.
  const data = (cable?.log ?? []).map(({ report }) => Buffer.from(report.slice((report[4] ?? 0) & 0x80 ? 7 : 5)));
  const seen = { frames: Buffer.concat(frames), reports: Buffer.concat(data), logs };
  expect(seen.frames.includes("canary")).toBe(true);
  expect(seen.reports.includes("countersign.invalid")).toBe(true);
  expect(seen.logs.includes("asked to sign with a FIDO2 key")).toBe(true);
  expect(places(seen, PIN_CANARY)).toEqual([]);
  expect(places(seen, CODE_CANARY)).toEqual([]);
}, 400_000);
