// What administrators read of an endpoint that is not told at the moment.
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { Webhook, WebhookDelivery } from "@countersign/proto/node/admin/v1/webhook_service";
import { AdminCli } from "../testing/admin-cli.ts";

const at = (text: string): { seconds: bigint; nanos: number } => ({
  seconds: BigInt(Date.parse(text) / 1000),
  nanos: 0,
});
const endpoint = (id: string, change: Partial<Webhook>): Webhook =>
  Webhook.create({ endpointId: id.repeat(32), url: `https://${id}.example/`, generation: 1, ...change });
const RUNNING = endpoint("a", {});
const PAUSED = endpoint("b", { paused: true });
const GONE = endpoint("c", { paused: true, goneAt: at("2026-11-24T10:00:00Z") });
const QUIET = endpoint("d", { quietUntil: at("2026-11-24T11:30:00Z") });

let cli: AdminCli;
beforeEach(async () => {
  cli = await AdminCli.open();
  cli.answer("List", { webhooks: [RUNNING, PAUSED, GONE, QUIET] });
  cli.answer("SendTest", { webhookId: "evt_test_1" });
});
afterEach(() => cli.close());

test("the list says who paused an endpoint, and until when its receiver asked to be left alone", async () => {
  const { out, code } = await cli.run("webhook", "list");
  expect(code).toBe(0);
  const states = out.split("\n").filter((line) => line !== "");
  expect(states.map((line) => line.split("\t")[2])).toEqual([
    ...["running", "paused", "paused: 410 Gone", "quiet until 2026-11-24T11:30:00Z"],
  ]);
  const [, , gone, quiet] = (await cli.world.run("--json", "admin", "webhook", "list")).json();
  expect([gone?.["goneAt"], quiet?.["quietUntil"]]).toEqual(["2026-11-24T10:00:00.000Z", "2026-11-24T11:30:00.000Z"]);
  const onTerminal = await cli.onTerminal(120, "webhook", "list");
  expect(onTerminal.out).toContain("paused: 410 Gone");
});

test.each([
  [PAUSED, "paused"],
  [GONE, "paused: 410 Gone"],
  [QUIET, "quiet until 2026-11-24T11:30:00Z"],
])("a test of one that is told nothing now says so at once (%#)", async ({ endpointId }, state) => {
  const { out, code } = await cli.run("webhook", "test", endpointId);
  expect(out).toContain(`evt_test_1: not tried yet; the endpoint is ${state}`);
  expect(code).toBe(15);
  expect(cli.requests("ListDeliveries")).toEqual([]);
});

test("a test of one that is told waits for what became of it", async () => {
  const tested = WebhookDelivery.create({ webhookId: "evt_test_1", state: 2, attempts: 1, lastResult: "2xx" });
  cli.answer("ListDeliveries", { deliveries: [tested] });
  const { out, code } = await cli.run("webhook", "test", RUNNING.url);
  expect(out).toContain("evt_test_1: 2xx");
  expect(code).toBe(0);
});

test.each([
  [{ lastResult: "4xx", lastStatus: 410 }, `countersign admin webhook remove ${RUNNING.endpointId} (or resume)`],
  [{ lastResult: "refused", lastStatus: 0 }, "--webhook-allow of the core names exceptions"],
])("a test that can not arrive says what to do next (%#)", async (tried, next) => {
  const tested = WebhookDelivery.create({ webhookId: "evt_test_1", state: 1, attempts: 1, ...tried });
  cli.answer("ListDeliveries", { deliveries: [tested] });
  const { out, code } = await cli.run("webhook", "test", RUNNING.url);
  expect([out, code]).toEqual([expect.stringMatching(/^Do next: /m), 15]);
  expect(out).toContain(next);
});
