// A careful user reads Matrix while malware on his PC alters what the core is given.
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect } from "@jest/globals";
import { tempFolder } from "@countersign/testing";
import { ROOT } from "@countersign/testing/child";
import { synapsePresent } from "@countersign/testing/synapse";
import { peerTest, openChannelScene, userOn } from "../people/channel-scene.ts";
import { runScenario } from "../scenario.ts";
import { freshFile } from "./fresh-file.ts";
import { expectExit, type Scene } from "./scene.ts";

const INVOICE = join(ROOT, "examples/bank/samples/invoice.xml");
const folder = tempFolder();
let scene: Scene;

beforeAll(async () => {
  if (synapsePresent) scene = await openChannelScene({ folder, mode: "B", channels: ["telegram", "matrix"] });
}, 400_000);
afterAll(() => scene?.close(), 400_000);

describe("over Matrix", () => {
  peerTest(
    "threat 02: alter-tx3 against a careful user: his reaction stops it, exit 13, nothing executed",
    async () => {
      const { desk, hands } = await userOn(scene, "matrix");
      const { installation } = scene;
      const ended = await runScenario({
        ...{ installation, desk, file: freshFile(INVOICE, folder) },
        ...{ attack: "alter-tx3", user: "careful" },
      });
      expect({ exit: ended.exitCode, output: ended.output }).toEqual({ exit: 13, output: ended.output });
      expect(ended.booked).toEqual([]);
      const { text } = await hands.phoneSays("Stopped by you (wrong data) · nothing was sent");
      expect(text).not.toMatch(/^Code: /m);
    },
    400_000,
  );

  for (const command of ["!block", "/block"])
    peerTest(
      `claim 08: ${command} TAG on the phone stops it as well, exit 13`,
      async () => {
        const { pay, hands } = await userOn(scene, "matrix");
        const client = pay();
        const pages = await hands.readAndProve();
        const code = await hands.codeFor(pages);
        await hands.phone.send(`${command} ${pages.at(-1)?.tag.toLowerCase()}`);
        const { told } = await expectExit(client, 13);
        expect(told.at(-1)).toMatchObject({ state: "REJECTED", onKey: false });
        await hands.phoneSays("Stopped. Nothing will be sent.");
        await hands.phoneSays("Stopped by you");
        expect((await hands.chat()).replaceAll(" ", "")).not.toContain(code);
        await hands.keyShowsNo("code");
      },
      400_000,
    );
});
