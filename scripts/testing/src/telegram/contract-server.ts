import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ROOT } from "../child.ts";
import { startPeer, type PeerProcess } from "./peer-process.ts";

const PYTHON = join(ROOT, ".peers/lo-bot-api-emulator/bin/python");
/** Whether scripts/install-peers has put it there. */
export const contractServerPresent: boolean = existsSync(
  join(ROOT, ".peers/lo-bot-api-emulator/bin/lo-bot-api-emulator"),
);

/** A call that the server found right. */
export interface Accepted {
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/**
 * PyPI's lo-bot-api-emulator 0.3.6: strict about names, shapes and limits of requests, polling, webhooks with their
 * secret. It keeps no messages: what stands in a chat it does not know.
 */
export class ContractServer {
  readonly #process: PeerProcess;
  readonly #token: string;

  private constructor(process: PeerProcess, token: string) {
    this.#process = process;
    this.#token = token;
  }

  static async start(token: string): Promise<ContractServer> {
    const script = fileURLToPath(new URL("contract-server.py", import.meta.url));
    return new ContractServer(await startPeer(PYTHON, [script], ROOT), token);
  }

  get apiRoot(): string {
    return this.#process.apiRoot;
  }

  /** Queues an update for the bot, or brings it to its webhook. */
  async bring(update: object): Promise<void> {
    const body = JSON.stringify({ token: this.#token, update });
    const headers = { "content-type": "application/json" };
    const answer = await fetch(`${this.apiRoot}__fixture/updates`, { method: "POST", headers, body });
    if (!answer.ok) throw new Error(`the contract server refused the update: ${await answer.text()}`);
  }

  /** Every call found right, in order, without getUpdates. */
  async accepted(): Promise<readonly Accepted[]> {
    return (await (await fetch(`${this.apiRoot}accepted`)).json()) as readonly Accepted[];
  }

  async stop(): Promise<void> {
    await this.#process.stop();
  }
}
