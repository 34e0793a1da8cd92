// Every attack that there is, on both sides of a deploy: between git server and core, and on the approver's own PC.
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "@jest/globals";
import { tempFolder, testWith } from "@countersign/testing";
import { startChild } from "@countersign/testing/child";
import { ExecutionServiceService } from "@countersign/proto/node/core/v1/execution_service";
import { DeviceServiceService } from "@countersign/proto/node/device/v1/device_service";
import { startClient } from "../crash/client.ts";
import { ATTACKS, malwareOf, SUBMIT, type Attack } from "../mitm/attacks.ts";
import { startProxy } from "../mitm/proxy.ts";
import { slippingFinger, swappingEyes } from "../person/senses.ts";
import { CORE_SERVICES } from "../scenario.ts";
import { Scene } from "../scenarios/scene.ts";
import { secondPayment } from "../second-payment.ts";
import { GitServer, hasGit } from "./git-server.ts";

const peerTest = testWith("git", hasGit);
const folder = tempFolder();
let scene: Scene;

beforeAll(async () => {
  scene = await Scene.open({ folder, mode: "B" });
  await scene.stopBank();
}, 400_000);
afterAll(() => scene?.close());

/** Under these the approver confirms what he means, all the same. Under every other one nothing is taken. */
const TAKEN: ReadonlySet<Attack> = new Set(["wrong-code", "swap-codes", "replay-statement", "garbage-signatures"]);

/** What the pusher was shown: the approver got it from him by telephone. */
const LINE =
  /^remote: +((?:Target|Version|Environment|User|Reference|Detail 1|Detail 2|Digest|Payload)):? +(.*?)\s*$/gm;

peerTest.each([...ATTACKS])(
  "a deploy under %s",
  async (attack) => {
    const { desk } = await scene.user();
    const server = new GitServer(scene.installation);
    server.set("approver", desk.userId);
    server.set("timeout", "200");
    const malware = malwareOf(attack);
    const toCore = await startProxy({
      ...{ listen: "127.0.0.1:0", target: scene.installation.coreAddress, tamper: malware.toCore },
      services: [...CORE_SERVICES, ExecutionServiceService],
    });
    const socket = `unix:${join(mkdtempSync(join(folder, "pc-")), "d.sock")}`;
    const toDaemon = await startProxy({
      ...{ listen: socket, target: desk.daemonSocket, tamper: malware.toDaemon },
      services: [DeviceServiceService],
    });
    server.reach(toCore.address);
    const key = attack === "wrong-code" ? await slippingFinger(desk.keyUrl) : undefined;
    const phone = attack === "swap-codes" ? await swappingEyes(desk.phoneUrl) : undefined;
    const other = attack === "swap-codes" ? await secondPayment(scene.installation, desk) : undefined;
    try {
      const commit = server.commit();
      const push = server.push([`${commit}:refs/heads/prod-a`]);
      const [seen, tag = ""] = await push.shows(
        /^[^]*remote: +([A-Z]+ [A-Z]+) [^]*remote: +Digest:? +(?:[0-9a-f]{8} ?){8}[^\n]*\n/,
      );
      const meant = [...seen.matchAll(LINE)].map(([, label, value]) => `${label}: ${value}`).join("\n");
      expect(meant).toContain("Target: refs/heads/prod-a");
      const eyes = { key: key?.url ?? desk.keyUrl, phone: phone?.url ?? desk.phoneUrl };
      const person = JSON.stringify({ meant, pin: desk.pin, temper: "careful", ...eyes });
      const seated = await startChild("scripts/dev-env/src/person/person-main.ts", [], {}, person);
      const installation = { ...scene.installation, coreAddress: toCore.address };
      const client = startClient(installation, { ...desk, daemonSocket: socket }, ["approve", tag]);
      try {
        const told = (await client.ended).output;
        // Whoever waits for what nobody confirms any more goes away.
        if (!TAKEN.has(attack)) push.interrupt();
        const { exitCode, output } = await push.ended;
        expect({ taken: exitCode === 0, output, told }).toEqual({ taken: TAKEN.has(attack), output, told });
        // What was withheld is handed in later, when the server has given up.
        for (const statement of malware.kept) for await (const answer of toCore.call(SUBMIT, statement)) void answer;
        expect(server.at("refs/heads/prod-a")).toBe(TAKEN.has(attack) ? commit : "");
      } finally {
        client.kill();
        await client.ended;
        await seated.stop();
      }
    } finally {
      await other?.withdraw();
      for (const one of [toCore, toDaemon, key, phone]) one?.close();
    }
  },
  400_000,
);
