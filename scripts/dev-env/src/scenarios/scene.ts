import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { expect } from "@jest/globals";
import { ROOT } from "@countersign/testing/child";
import { startClient, type Client, type ClientEnd, type Told } from "../crash/client.ts";
import { anotherUser, newSerial, setUpDesk, type Desk } from "../desk.ts";
import { startInstallation, type Installation, type InstallationOptions } from "../installation.ts";
import { connect, type Parts } from "../parts.ts";
import { freshFile } from "./fresh-file.ts";
import { Hands } from "./hands.ts";

const INVOICE = join(ROOT, "examples/bank/samples/invoice.xml");

/** The client, with what it tells as it comes. */
export interface Run extends Client {
  /** The first line that has this member. */
  readonly tells: (member: string) => Promise<Told>;
}

/** A user with key and phone, and the client on his PC. */
export interface Somebody {
  readonly desk: Desk;
  readonly hands: Hands;
  /** Runs `countersign ARGS` for him. */
  readonly run: (...args: string[]) => Run;
  /** Runs `countersign pay` with a payment that was not made before. */
  readonly pay: (...args: string[]) => Run;
}

/** One installation and one desk for a whole test file; each test has a user of its own, so that no limit of one reaches the next. */
export class Scene {
  readonly installation: Installation;
  readonly desk: Desk;
  /** Core with the apps' tokens, and the daemon of the desk. */
  readonly parts: Parts;
  readonly #desks: Desk[];
  readonly #clients: Client[] = [];
  #names = 0;

  private constructor(installation: Installation, desk: Desk) {
    this.installation = installation;
    this.desk = desk;
    this.#desks = [desk];
    this.parts = connect(installation, desk.daemonSocket);
  }

  static async open(options: InstallationOptions): Promise<Scene> {
    const installation = await startInstallation(options);
    try {
      const { mode } = options;
      return new Scene(installation, await setUpDesk(installation, { mode, userId: "first", chatId: "5000" }));
    } catch (error) {
      await installation.stop();
      throw error;
    }
  }

  /** A new user with a credential on the key of a desk, the shared one by default, and a chat of his own. */
  async user(desk: Desk = this.desk): Promise<Somebody> {
    return this.meet(await anotherUser(this.installation, desk, this.newcomer()));
  }

  /** A new user at a desk of his own: another key, another PC. */
  async userAtOwnDesk(): Promise<Somebody> {
    const desk = await setUpDesk(this.installation, { mode: "B", ...this.newcomer() });
    this.#desks.push(desk);
    return this.meet(desk);
  }

  /** A desk as it comes out of the box: no PIN, no credential, no chat. */
  async blankDesk(): Promise<Desk> {
    const folder = mkdtempSync(join(this.installation.folder, "blank-"));
    const home = { folder, run: folder, serial: newSerial(), isSetUp: true };
    const desk = await setUpDesk(this.installation, { mode: "B", home, ...this.newcomer() });
    this.#desks.push(desk);
    return desk;
  }

  /** Names that nobody has yet. */
  newcomer(): { readonly userId: string; readonly chatId: string } {
    this.#names += 1;
    const number = 5000 + this.#names;
    return { userId: `user-${number}`, chatId: String(number) };
  }

  /** Whoever sits at a desk that is set up already. */
  meet(desk: Desk): Somebody {
    const { installation } = this;
    const run = (...args: string[]): Run => {
      const told: Told[] = [];
      let wake: (() => void) | undefined;
      const client = startClient(installation, desk, args, (one) => {
        told.push(one);
        wake?.();
      });
      this.#clients.push(client);
      const tells = async (member: string): Promise<Told> => {
        for (;;) {
          const found = told.find((one) => member in one);
          if (found !== undefined) return found;
          await new Promise<void>((resolve) => (wake = resolve));
        }
      };
      return { ...client, tells };
    };
    return {
      desk,
      hands: new Hands(desk),
      run,
      pay: (...args: string[]) => run("pay", freshFile(INVOICE, desk.folder), "--receipts", desk.folder, ...args),
    };
  }

  /** Everything that the clients wrote, once all have ended. */
  async told(): Promise<string[]> {
    return Promise.all(this.#clients.map(async ({ ended }) => (await ended).output));
  }

  /** From now on nobody carries anything out. */
  async stopBank(): Promise<void> {
    const { children } = this.installation;
    await children.find(({ process }) => process.spawnargs.includes("examples/bank/src/main.ts"))?.stop();
  }

  async close(): Promise<void> {
    this.parts.close();
    for (const client of this.#clients) client.kill();
    await Promise.all(this.#clients.map(({ ended }) => ended));
    await Promise.all(this.#desks.map((desk) => desk.stop()));
    await this.installation.stop();
  }
}

/** Waits for the client's end. A test that fails shows all that it wrote. */
export async function expectExit(client: Client, exit: number): Promise<ClientEnd> {
  const end = await client.ended;
  expect({ exit: end.exitCode, output: end.output }).toEqual({ exit, output: end.output });
  return end;
}
