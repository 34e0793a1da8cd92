// Whatever order people act in, nothing is carried out with fewer of them than it takes, and everything ends.
import { RejectReason } from "@countersign/protocol";
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { isRefusal } from "../rpc/refusal.ts";
import { ApprovalWorld, PEOPLE } from "../testing/approval-world.ts";
import { happen } from "../transaction/happen.ts";
import type { Transaction } from "../transaction/transaction.ts";
import { isFinal } from "../transaction/watch.ts";

const APPROVERS = PEOPLE.length;
const NEEDED = 2;
const POLICY = { approvers: [{ users: [...PEOPLE], needed: NEEDED }] };

const kindOfAct = fc.oneof(
  { weight: 8, arbitrary: fc.constant("approve" as const) },
  { weight: 8, arbitrary: fc.constantFrom(...(["freeze", "thaw", "revoke", "sweep"] as const)) },
  { weight: 3, arbitrary: fc.constant("execute" as const) },
  // One no ends it, so these stand aside.
  {
    weight: 1,
    arbitrary: fc.constantFrom(...(["wrong", "veto", "reject", "tampered", "own-veto", "cancel", "wait"] as const)),
  },
);
const act = fc.record({ act: kindOfAct, who: fc.integer({ min: 0, max: APPROVERS - 1 }) });
type Act = typeof act extends fc.Arbitrary<infer T> ? T : never;

class History {
  readonly world: ApprovalWorld;
  readonly parent: Transaction;
  /** Who said yes, and was neither stopped nor took it back since: what the outcome is held against. */
  readonly standing = new Set<string>();
  /** How many of them there were when it became CONFIRMED. */
  enough: number | undefined;
  executions = 0;

  constructor(world: ApprovalWorld, parent: Transaction) {
    this.world = world;
    this.parent = parent;
  }

  /** Acts come one after the other here, so what stands now is what was counted. */
  async look(): Promise<void> {
    const { state } = await this.world.now(this.parent);
    if (state === "CONFIRMED" || state === "EXECUTED") this.enough ??= this.standing.size;
  }

  async run({ act: what, who }: Act): Promise<void> {
    const { world, parent } = this;
    const user = PEOPLE[who] ?? "treasurer";
    switch (what) {
      case "approve":
      case "wrong":
      case "reject":
      case "tampered":
      case "veto":
        return this.#answer(user, what);
      case "freeze":
        this.standing.delete(user);
        return world.freeze(user);
      case "revoke":
        this.standing.delete(user);
        return world.revoke(user);
      case "thaw":
        return world.thaw(user);
      case "own-veto":
        return void (await happen(world.given, parent.txId, vetoed(RejectReason.WRONG_DATA), "test"));
      case "cancel":
        return void (await happen(world.given, parent.txId, { type: "cancelled", by: "app", detail: "" }, "test"));
      case "execute":
        if ((await world.execute(await world.now(parent), String(who))) === "EXECUTED") this.executions += 1;
        return;
      case "sweep":
        return world.sweep();
      case "wait":
        world.core.clock.advance(200_000);
    }
  }

  async #answer(user: string, how: "approve" | "wrong" | "reject" | "tampered" | "veto"): Promise<void> {
    const { world, parent } = this;
    const begun = await world.begin(parent, user);
    if (isRefusal(begun)) return;
    const child = begun.transaction;
    const key = world.keyOf(user);
    const { core } = world;
    if (how === "veto") return void (await happen(world.given, child.txId, vetoed(undefined), "test"));
    const lies = { approve: {}, wrong: { code: core.wrongCode(child) }, tampered: { txDigest: new Uint8Array(32) } };
    const signed = how === "reject" ? core.reject(child, {}, key) : core.signed(child, lies[how], key);
    const answer = await world.submit(child, signed);
    if (isRefusal(answer) || how !== "approve") return;
    this.standing.add(user);
  }
}

function vetoed(reason: RejectReason | undefined) {
  return { type: "vetoed", reason, onKey: false, mayFreeze: true } as const;
}

async function ends(acts: readonly Act[]): Promise<History> {
  const world = await ApprovalWorld.open({ policy: POLICY });
  const story = new History(world, await world.confirmed());
  for (const one of acts) {
    await story.run(one);
    await story.look();
    world.core.clock.advance(10);
  }
  world.core.clock.advance(8 * 24 * 3_600_000);
  await world.sweep();
  const after = await world.now(story.parent);
  expect(isFinal(after.state)).toBe(true);
  for (const { txId } of after.asked ?? []) {
    // Asked for and refused since, as of a frozen approver: then there is none.
    const child: Transaction | undefined = await world.now({ txId });
    expect(child === undefined || isFinal(child.state)).toBe(true);
  }
  expect(await world.left("outbox", "approval-request")).toBe(0);
  const people = new Set(after.approvals?.map(({ userId }) => userId));
  expect(people.size).toBe(after.approvals?.length ?? 0);
  expect(people.has(after.userId)).toBe(false);
  expect(after.state !== "EXECUTED" || people.size >= NEEDED).toBe(true);
  expect(story.enough ?? NEEDED).toBeGreaterThanOrEqual(NEEDED);
  expect(story.executions).toBe(after.state === "EXECUTED" ? 1 : 0);
  await world.store.close();
  return story;
}

const yes = (who: number): Act => ({ act: "approve", who });

test("check 27: nothing is carried out with fewer than it takes, and every order ends", async () => {
  const plain: Act[] = [yes(0), yes(2), { act: "sweep", who: 0 }, { act: "execute", who: 0 }];
  expect((await ends(plain)).executions).toBe(1);
  const rules = fc.asyncProperty(
    fc.array(act, { minLength: 4, maxLength: 24 }),
    async (acts) => void (await ends(acts)),
  );
  const found = await fc.check(rules, { numRuns: 60 });
  expect(found.errorInstance).toBeNull();
  expect(found.failed).toBe(false);
});
