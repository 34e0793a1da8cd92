// Malware between the login host and core and key, against a careful owner of the account.
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { tempFolder } from "@countersign/testing";
import { DeviceServiceService } from "@countersign/proto/node/device/v1/device_service";
import { ExecutionServiceService } from "@countersign/proto/node/core/v1/execution_service";
import { malwareOf, SUBMIT, type Attack } from "../mitm/attacks.ts";
import { startProxy } from "../mitm/proxy.ts";
import { slippingFinger, swappingEyes } from "../person/senses.ts";
import { CORE_SERVICES } from "../scenario.ts";
import { Scene } from "../scenarios/scene.ts";
import { secondPayment } from "../second-payment.ts";
import { LoginHost } from "./login-host.ts";
import { attended, SUDO } from "./owner.ts";

const folder = tempFolder();
let scene: Scene;

beforeAll(async () => {
  scene = await Scene.open({ folder, mode: "B" });
  await scene.stopBank();
}, 400_000);
afterAll(() => scene?.close());

const IN = { letIn: true, says: "Confirmed." };

test.each<[row: string, Attack, { letIn: boolean; says: string }]>([
  ["threat 01", "alter-tx2", { letIn: false, says: "Stopped by you on the key" }],
  ["threat 02", "alter-tx3", { letIn: false, says: "Stopped by you in the chat" }],
  ["threat 03", "alter-both", { letIn: false, says: "Stopped by you on the key" }],
  ["threat 04", "swap-codes", IN],
  ["threat 05", "replay-statement", IN],
  ["threat 08", "forged-success", { letIn: false, says: "STOPPED: the answer does not verify" }],
  ["threat 08", "withheld-statement", { letIn: false, says: "No confirmation in time" }],
  ["threat 09", "wrong-code", IN],
  ["threat 09", "garbage-signatures", IN],
])(
  "%s: sudo under %s",
  async (_row, attack, { letIn, says }) => {
    const { desk } = await scene.user();
    const malware = malwareOf(attack);
    const toCore = await startProxy({
      ...{ listen: "127.0.0.1:0", target: scene.installation.coreAddress, tamper: malware.toCore },
      services: [...CORE_SERVICES, ExecutionServiceService],
    });
    const socket = join(mkdtempSync(join(folder, "pc-")), "d.sock");
    const toDaemon = await startProxy({
      ...{ listen: `unix:${socket}`, target: desk.daemonSocket, tamper: malware.toDaemon },
      services: [DeviceServiceService],
    });
    const host = await LoginHost.open(scene.installation, {
      ...{ core: toCore.address, key: socket, users: { ada: desk.userId } },
    });
    const [key, phone] = [
      attack === "wrong-code" ? await slippingFinger(desk.keyUrl) : undefined,
      attack === "swap-codes" ? await swappingEyes(desk.phoneUrl) : undefined,
    ];
    const other = attack === "swap-codes" ? await secondPayment(scene.installation, desk) : undefined;
    try {
      const senses = { keyUrl: key?.url ?? desk.keyUrl, phoneUrl: phone?.url ?? desk.phoneUrl };
      const end = await attended(() => host.start("confirm", SUDO), desk, { senses });
      expect({ letIn: end.exitCode === 0, output: end.output }).toEqual({
        letIn,
        output: expect.stringContaining(says) as unknown,
      });
      // What was withheld is handed in later: it confirms what nobody waits for any more, and lets nobody in.
      for (const statement of malware.kept) {
        for await (const answer of toCore.call(SUBMIT, statement)) void answer;
      }
      expect(host.logged()).not.toContain(letIn ? "refused" : "confirmed");
    } finally {
      await other?.withdraw();
      for (const one of [toCore, toDaemon, key, phone]) one?.close();
      await host.close();
    }
  },
  400_000,
);
