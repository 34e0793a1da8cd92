// Each filter goes the way through the fewest events, and finds what a naive reader does.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { findEvents, type EventFilter } from "./find-events.ts";
import { openIndex, type IndexFile } from "./index-file.ts";
import { firstPlace } from "./row-place.ts";
import { SliceWriter } from "./write-slice.ts";

const TENANTS = ["1".repeat(32), "2".repeat(32), ""] as const;
const [TENANT] = TENANTS;
const COUNT = 6000;
const ODD = ["100%", "a_b", "aXb", "wow!", "Ärger", "ends!%", "\\back"];

interface Held {
  readonly place: bigint;
  readonly seq: number;
  readonly tenant: string;
  readonly event: string;
  readonly actor: string;
  readonly subject: string;
  readonly reason: string;
}

/** One a millisecond. Each transaction has four events; actor and event are common by themselves, and rare together. */
const held: readonly Held[] = Array.from({ length: COUNT }, (_, i) => ({
  ...{ place: firstPlace(i), seq: i + 1, tenant: TENANTS[i % 20 === 0 ? 1 : i % 33 === 0 ? 2 : 0] ?? "" },
  ...{ event: i % 2 === 0 ? "delivery.sent" : "transaction.created", actor: i % 2 === 0 ? "core" : `app:${i % 3}` },
  ...{
    subject: `transaction:${Math.floor(i / 4)
      .toString(16)
      .padStart(4, "0")}`,
    reason: ODD[i % 500] ?? "",
  },
  ...(i % 1999 === 7 ? { event: "delivery.failed", actor: "core" } : {}),
}));

let file: IndexFile & { readonly writer: SliceWriter };
beforeAll(() => {
  const opened = openIndex({ path: undefined, serverId: "f".repeat(32) });
  file = { ...opened, writer: new SliceWriter(opened) };
  const { words } = file.writer;
  file.sql.begin.run();
  for (const { place, seq, tenant, event, actor, subject, reason } of held) {
    const texts = [tenant, event, actor, subject, reason].map((text) => words.numberOf(text));
    file.sql.putEvent.run(place, 7, seq, 0, ...texts);
  }
  file.sql.commit.run();
});
afterAll(() => file.close());

const ANY: EventFilter = {
  ...{ tenantId: TENANT, event: "", actor: "", subject: "", text: "", from: undefined, below: undefined },
};

test.each<readonly [string, Partial<EventFilter>]>([
  ["everything of a tenant", {}],
  ["everything of all", { tenantId: undefined }],
  ["a subject", { subject: "transaction:0123" }],
  ["an actor", { actor: "app:1" }],
  ["an event", { event: "delivery.failed" }],
  ["a beginning of events, of all", { event: "delivery.", tenantId: undefined }],
  ["actor and event", { actor: "core", event: "delivery.failed" }],
  ["actor and event that never meet", { actor: "app:1", event: "delivery.sent" }],
  ["actor, event and subject", { actor: "core", event: "delivery.sent", subject: "transaction:0123" }],
  ["a text that one has", { text: "N:0123" }],
  ["a text that some have", { text: "on:01", tenantId: undefined }],
  ["a text that very many have", { text: "transaction:0" }],
  ["a text that an event has", { text: "FAILED" }],
  ["a text and an event", { text: "on:00", event: "delivery.sent" }],
  ["a text and a time", { text: "on:", from: 1000, below: 1020 }],
  ...["0%", "a_b", "w!", "s!%", "%", "_", "!", "k", "\\b", "Ärg"].map(
    (text) => [`the text ${text}`, { text }] as const,
  ),
])("%s: newest first, and from the middle on", async (_name, asked) => {
  const filter = { ...ANY, ...asked };
  const wanted = held.filter((one) => wants(one, filter)).toReversed();
  expect(await seqs(filter, undefined)).toEqual(wanted.map(({ seq }) => seq));
  const middle = wanted[Math.floor(wanted.length / 2)];
  if (middle === undefined) return;
  const behind = wanted.filter(({ place }) => place < middle.place);
  expect(await seqs(filter, middle.place)).toEqual(behind.map(({ seq }) => seq));
});

async function seqs(filter: EventFilter, after: bigint | undefined): Promise<number[]> {
  const found: number[] = [];
  for await (const { seq, fits } of findEvents(file, filter, after)) if (fits) found.push(seq);
  return found;
}

function wants(of: Held, { tenantId, event, actor, subject, text, from, below }: EventFilter): boolean {
  const at = of.seq - 1;
  const texts = [of.event, of.actor, of.subject, of.reason].map((one) => one.toLowerCase());
  return (
    (tenantId === undefined || of.tenant === tenantId) &&
    (event === "" || of.event === event || (event.endsWith(".") && of.event.startsWith(event))) &&
    (actor === "" || of.actor === actor) &&
    (subject === "" || of.subject === subject) &&
    texts.some((one) => one.includes(text.toLowerCase())) &&
    at >= (from ?? 0) &&
    at < (below ?? COUNT)
  );
}

test("of an actor and an event that are common by themselves, few events are looked at", async () => {
  const looked: bigint[] = [];
  const filter = { ...ANY, actor: "core", event: "delivery.failed" };
  for await (const { place } of findEvents(file, filter, undefined)) looked.push(place);
  expect(looked.length).toBeLessThan(10);
});
