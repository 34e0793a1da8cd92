// The power goes before each commit in turn, in whichever shard; whoever comes after goes on, and it ends right, once.
import { join } from "node:path";
import { macKey, RejectReason } from "@countersign/protocol";
import { tempFolder } from "@countersign/testing";
import { expect, test } from "@jest/globals";
import { isRefusal } from "../rpc/refusal.ts";
import { openSqliteStore } from "../store/sqlite-store.ts";
import { Crash, crashAt } from "../testing/altered-store.ts";
import { ApprovalWorld } from "../testing/approval-world.ts";
import { drawHexId, type WorldOptions } from "../testing/core-world.ts";
import { createTransaction } from "../transaction/create.ts";
import type { Draft } from "../transaction/draft.ts";
import type { Transaction } from "../transaction/transaction.ts";

/** One payment from its Create to its end, each step of which may be done again. */
class Story {
  readonly #draft: Draft;
  readonly #signed = new Map<string, Uint8Array>();
  parentId = "";
  crashed = false;

  constructor(world: ApprovalWorld) {
    this.#draft = world.core.draft();
  }

  /** Every step with the core that dies; the one in which it does, and all that follow, with one that lives. */
  async run(dying: ApprovalWorld, alive: ApprovalWorld, last: "yes" | "no"): Promise<void> {
    const steps: readonly ((world: ApprovalWorld) => Promise<unknown>)[] = [
      (world) => this.#create(world),
      async (world) => this.#sign(world, await world.now({ txId: this.parentId })),
      (world) => world.sweep(),
      (world) => this.#answer(world, "treasurer", "yes"),
      (world) => world.sweep(),
      (world) => this.#answer(world, "director", last),
      (world) => world.sweep(),
      async (world) => world.execute(await world.now({ txId: this.parentId })),
      (world) => world.sweep(),
    ];
    for (const step of steps) {
      try {
        await step(this.crashed ? alive : dying);
      } catch (error) {
        if (!(error instanceof Crash)) throw error;
        this.crashed = true;
        await step(alive);
      }
    }
  }

  async #create(world: ApprovalWorld): Promise<void> {
    const created = await createTransaction(world.given, this.#draft);
    if (isRefusal(created)) throw new Error(created.message);
    this.parentId = created.transaction.txId;
  }

  async #answer(world: ApprovalWorld, userId: string, said: "yes" | "no"): Promise<void> {
    const begun = await world.begin({ txId: this.parentId }, userId);
    // Said before the crash, and counted: nobody is asked twice.
    if (isRefusal(begun)) return;
    await this.#sign(world, begun.transaction, said);
  }

  async #sign(world: ApprovalWorld, of: Transaction, said: "yes" | "no" = "yes"): Promise<void> {
    const { core } = world;
    const key = world.keyOf(of.userId);
    const make = said === "yes" ? core.signed.bind(core) : core.reject.bind(core);
    const signed =
      this.#signed.get(of.txId) ?? make(of, said === "yes" ? {} : { reason: RejectReason.WRONG_DATA }, key);
    this.#signed.set(of.txId, signed);
    await world.submit(of, signed);
  }
}

/** False: the story has fewer commits than that. */
async function survives(options: WorldOptions, at: number, last: "yes" | "no"): Promise<boolean> {
  const alive = await ApprovalWorld.open(options);
  const story = new Story(alive);
  await story.run(alive.over(crashAt(alive.given, at)), alive, last);
  const parent = await alive.now({ txId: story.parentId });
  const state = last === "yes" ? "EXECUTED" : "REJECTED";
  expect([at, parent.state]).toEqual([at, state]);
  const approvers = parent.approvals?.map(({ userId }) => userId).toSorted();
  expect([at, approvers]).toEqual([at, last === "yes" ? ["director", "treasurer"] : ["treasurer"]]);
  expect([at, await alive.core.audited("execution.reported")]).toEqual([at, last === "yes" ? 1 : 0]);
  expect([at, await alive.left("outbox", "approval-request")]).toEqual([at, 0]);
  for (const { txId } of parent.asked ?? []) {
    expect(["APPROVED", "REJECTED"]).toContain((await alive.now({ txId })).state);
  }
  await alive.store.close();
  return story.crashed;
}

const folder = tempFolder();
const sqlite: WorldOptions = {
  open: (clock) => openSqliteStore({ folder: join(folder, drawHexId()), macKey: macKey(new Uint8Array(32)), clock }),
};

test.each([
  ["memory", "yes", {}, 1],
  ["memory", "no", {}, 3],
  ["SQLite", "yes", sqlite, 7],
] as const)("%s, the last one says %s: killed before each commit", async (_store, last, options, every) => {
  let at = 1;
  while (await survives(options, at, last)) at += every;
  expect(at).toBeGreaterThan(20);
});
