import type { CoreGiven } from "../given.ts";
import { isRefusal, type Refusal } from "../rpc/refusal.ts";
import { tokenId } from "../rpc/token.ts";
import { shardOfKey, shardOfUser, type Shard } from "../store/entity.ts";
import type { AnyWrite } from "../store/store.ts";
import { commitOnce, untilSettled } from "../transaction/commit.ts";
import { linkKey, linkOwnerKey, linkTokenKey } from "./entity-key.ts";
import { linkIndex } from "./link-index.ts";
import type { Link } from "./link.ts";

/** What is known of a link before any chat has claimed it. */
export type NewLink = Pick<Link, "tenantId" | "userId" | "linkId" | "platform" | "until">;

/**
 * The link, its owner and, where a chat has to show one, its token: entities in as many shards, each made if it is not
 * there. A retry finishes what a crash left.
 */
export async function makeLink(
  given: CoreGiven,
  of: NewLink,
  linkToken: string | undefined,
  actor: string,
): Promise<true | Refusal> {
  const { tenantId, userId, linkId } = of;
  for (const [shard, write] of writesFor(of, linkToken)) {
    const done = await untilSettled(async () => {
      const { entities, epoch } = await given.store.load(shard, write.key);
      if (entities[0].body !== undefined) return true;
      const subject = `user:${userId}`;
      const audit = [
        { event: `${write.key.type}.made`, tenant: tenantId, actor, subject, detail: { link: linkId } },
      ] as const;
      return (await commitOnce(given, shard, { epoch, writes: [write], audit })) === "committed" ? true : undefined;
    });
    if (isRefusal(done)) return done;
  }
  return true;
}

function writesFor(of: NewLink, linkToken: string | undefined): readonly (readonly [Shard, AnyWrite])[] {
  const { tenantId, userId, linkId, platform, until } = of;
  const link: Link = {
    ...of,
    state: "WAITING",
    ...{ botId: undefined, peerId: undefined, peerName: undefined, txId: undefined, linkedAt: undefined },
    heldUntil: until,
    unanswered: 0,
    failure: undefined,
  };
  const linkWrite = { key: linkKey(tenantId, linkId), expected: "", body: link, index: linkIndex(link) };
  const owner = linkOwnerKey(tenantId, linkId);
  const writes: readonly (readonly [Shard, AnyWrite])[] = [
    [shardOfUser(tenantId, userId), linkWrite],
    [shardOfKey(owner), { key: owner, expected: "", body: { tenantId, userId } }],
  ];
  if (linkToken === undefined) return writes;
  const token = linkTokenKey(tokenId(linkToken));
  const body = { tenantId, userId, linkId, platform, until, usedBy: undefined };
  return [...writes, [shardOfKey(token), { key: token, expected: "", body }]];
}
