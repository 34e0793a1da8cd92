import { expect, test } from "@jest/globals";
import { toHex } from "@countersign/protocol";
import { openMemoryStore } from "../store/memory-store.ts";
import { WEBHOOK_SHARD } from "../store/entity.ts";
import { drawHexId } from "../testing/core-world.ts";
import { everyWebhook } from "./find.ts";
import { webhookIndex, webhookKey, type Webhook } from "./webhook.ts";

const IN_ONE_COMMIT = 250;
const COMMITS = 41;

test("every endpoint of an installation is found, however many there are and however many were made in one moment", async () => {
  const store = openMemoryStore({ clock: { now: () => new Date(0) } });
  const { epoch } = await store.load(WEBHOOK_SHARD);
  for (let commit = 0; commit < COMMITS; commit += 1) {
    const made = Array.from({ length: IN_ONE_COMMIT }, (_, i): Webhook => {
      const endpointId = toHex(Buffer.from(`${commit}:${i}`.padStart(16, "0")));
      const start = { generation: 1, previousUntil: undefined, paused: false, bodyHash: new Uint8Array(32) };
      // Every third commit is of one moment, the others of several.
      const createdAt = commit * 100 + (commit % 3 === 0 ? 0 : i % 7);
      const wanted = { url: "https://hooks.example/", events: [], description: "" };
      return { endpointId, tenantId: "t", createdAt, ...wanted, ...start };
    });
    const writes = made.map((body) => {
      return { key: webhookKey(body.endpointId), expected: "", body, index: webhookIndex(body) };
    });
    const event = { event: "webhook.created", tenant: "t", actor: "test", subject: "webhook:all", detail: {} };
    await store.commit(WEBHOOK_SHARD, { changeId: drawHexId(), epoch, writes, audit: [event] });
  }
  const found = await everyWebhook({ store });
  expect(found).toHaveLength(COMMITS * IN_ONE_COMMIT);
  expect(new Set(found.map(({ endpointId }) => endpointId)).size).toBe(COMMITS * IN_ONE_COMMIT);
});
