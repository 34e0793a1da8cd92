import { afterEach, describe, expect, test } from "@jest/globals";
import { status } from "@grpc/grpc-js";
import { CoreMetrics } from "./core-metrics.ts";
import {
  ATTEMPTS,
  CHANNELS,
  CODES,
  COMMITS,
  CURBS,
  labelOf,
  LOADS,
  METHODS,
  SETTLED,
  SHEDS,
  VERDICTS,
} from "./label-sets.ts";
import { STATES } from "../transaction/state-names.ts";
import { readText } from "./testing/read-text.ts";

const open: CoreMetrics[] = [];
function metrics(): CoreMetrics {
  const made = new CoreMetrics();
  open.push(made);
  return made;
}
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

const CREATE = "/countersign.core.v1.TransactionService/Create";
const WATCH = "/countersign.core.v1.TransactionService/Watch";

test("what happened is counted under its labels", async () => {
  const counted = metrics();
  counted.happened({ type: "transaction", state: "PENDING" });
  counted.happened({ type: "transaction", state: "PENDING" });
  counted.happened({ type: "statement", compared: true });
  counted.happened({ type: "verdict", reason: "WRONG_CODE" });
  counted.happened({ type: "delivery", channel: "sms", outcome: "sent" });
  counted.committed("conflict", 0.003);
  counted.group(5);
  counted.answered(CREATE, status.OK, 0.004);
  const { value } = readText(await counted.text());
  expect(value("countersign_transactions_total", { state: "PENDING" })).toBe(2);
  expect(value("countersign_statements_total", { compared: "yes" })).toBe(1);
  expect(value("countersign_verdicts_total", { reason: "WRONG_CODE" })).toBe(1);
  expect(value("countersign_delivery_attempts_total", { channel: "sms", outcome: "sent" })).toBe(1);
  expect(value("countersign_store_commit_seconds_count", { outcome: "conflict" })).toBe(1);
  expect(value("countersign_store_commit_seconds_bucket", { outcome: "conflict", le: "0.0025" })).toBe(0);
  expect(value("countersign_store_commit_seconds_bucket", { outcome: "conflict", le: "0.005" })).toBe(1);
  expect(value("countersign_store_group_changes_sum", {})).toBe(5);
  expect(value("countersign_rpc_seconds_count", { method: "TransactionService/Create", code: "OK" })).toBe(1);
  expect(value("process_resident_memory_bytes", {})).toBeGreaterThan(1e6);
  expect(value("process_cpu_seconds_total", {})).toBeGreaterThan(0);
  expect(value("countersign_event_loop_delay_seconds", { quantile: "1" })).toBeGreaterThanOrEqual(0);
});

test("calls that were not begun are counted by why", async () => {
  const counted = metrics();
  for (const why of ["busy", "busy", "late"] as const) counted.shed(CREATE, why);
  const { value } = readText(await counted.text());
  const method = "TransactionService/Create";
  expect(value("countersign_calls_shed_total", { method, reason: "busy" })).toBe(2);
  expect(value("countersign_calls_shed_total", { method, reason: "late" })).toBe(1);
});

test("connections that floods have to do with are counted by what became of them", async () => {
  const counted = metrics();
  for (const how of ["held", "ended", "held"] as const) counted.curbed(how);
  const { value } = readText(await counted.text());
  const total = (how: string): number | undefined => value("countersign_connections_curbed_total", { how });
  expect([total("held"), total("ended")]).toEqual([2, 1]);
});

test("streams are open until they end", async () => {
  const counted = metrics();
  const method = "TransactionService/Watch";
  counted.opened(WATCH);
  counted.opened(WATCH);
  counted.ended(WATCH, status.CANCELLED);
  const { value } = readText(await counted.text());
  expect(value("countersign_streams_open", { method })).toBe(1);
  expect(value("countersign_streams_ended_total", { method, code: "CANCELLED" })).toBe(1);
});

test("two cores in one process count apart", async () => {
  const [one, other] = [metrics(), metrics()];
  one.group(1);
  expect(readText(await other.text()).value("countersign_store_group_changes_count", {})).toBe(0);
});

describe("labels", () => {
  test("take their values from closed lists, whatever comes in", async () => {
    const counted = metrics();
    for (const code of [...Array(20).keys(), -1, 1e9]) {
      for (const path of [CREATE, "/x.Y/secret", "erika", ""]) {
        counted.answered(path, code, 1);
        counted.shed(path, "busy");
        counted.opened(path);
        counted.ended(path, code);
        for (const why of SHEDS) counted.shed(path, why);
      }
    }
    for (const how of CURBS) counted.curbed(how);
    for (const outcome of LOADS) counted.loaded(outcome, 1);
    for (const outcome of SETTLED) counted.settled(outcome);
    for (const channel of [...CHANNELS, "erika"]) counted.handedFirst(channel, 1);
    for (const outcome of COMMITS) counted.committed(outcome, 1);
    for (const state of STATES) counted.happened({ type: "transaction", state });
    for (const reason of VERDICTS) counted.happened({ type: "verdict", reason });
    for (const outcome of ATTEMPTS)
      for (const channel of CHANNELS) counted.happened({ type: "delivery", channel, outcome });
    for (const compared of [true, false]) counted.happened({ type: "statement", compared });
    expect(readText(await counted.text()).strays()).toEqual([]);
  });

  test("the search for strays finds one", async () => {
    const text = 'countersign_transactions_total{state="PENDING"} 1\ncountersign_verdicts_total{user="erika"} 1\n';
    expect(readText(text).strays()).toEqual(["user=erika"]);
    expect(readText('a{state="0123"} 1\n').strays()).toEqual(["state=0123"]);
  });

  test("are so few that all series together stay below 15 000", () => {
    const calls = METHODS.size * CODES.size * 15;
    const others = STATES.size + VERDICTS.size + CHANNELS.size * ATTEMPTS.length + COMMITS.length * 14;
    expect(calls + others).toBeLessThan(15_000);
    expect(labelOf(METHODS, "TransactionService/Create")).not.toBe("other");
  });
});
