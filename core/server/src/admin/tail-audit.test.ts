import { afterEach, beforeEach, expect, test } from "@jest/globals";
import {
  AuditServiceClient,
  AuditServiceTailRequest,
  type AuditEvent,
  type AuditServiceTailResponse,
} from "@countersign/proto/node/admin/v1/audit_service";
import { credentials, type ServiceError } from "@grpc/grpc-js";
import { ServedAdmins } from "../testing/admin-world.ts";
import { call } from "../testing/call.ts";
import { bearer, endedBy } from "../testing/serve-world.ts";

let world: ServedAdmins;
let audit: AuditServiceClient;
beforeEach(async () => {
  world = await ServedAdmins.open();
  audit = new AuditServiceClient(world.served.address, credentials.createInsecure());
});
afterEach(async () => {
  audit.close();
  await world.close();
});

class Tail {
  readonly events: AuditEvent[] = [];
  cursor = "";
  /** Of the messages that held events. */
  readonly cursors: string[] = [];
  readonly attached: Promise<void>;
  readonly ended: Promise<string>;
  readonly #stream;
  #wake: (() => void) | undefined;

  constructor(request: Partial<AuditServiceTailRequest>, token: string = world.anna.token) {
    this.#stream = audit.tail(AuditServiceTailRequest.create(request), bearer(token));
    this.attached = new Promise((resolve) => this.#stream.once("data", () => resolve()));
    this.ended = new Promise((resolve) => {
      this.#stream.on("error", (error: ServiceError) => resolve(endedBy(error).reason));
    });
    this.#stream.on("data", ({ events, cursor }: AuditServiceTailResponse) => {
      this.events.push(...events);
      this.cursor = cursor;
      if (events.length > 0) this.cursors.push(cursor);
      this.#wake?.();
    });
  }

  /** Waits until these subjects were told. */
  async told(...subjects: readonly string[]): Promise<void> {
    while (!subjects.every((subject) => this.events.some((event) => event.subject === subject))) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  stop(): void {
    this.#stream.cancel();
  }
}

/** With a subject that nothing else has. */
async function createUser(userId: string): Promise<void> {
  const request = { requestId: userId, tenantId: "", userId, phrase: "", locale: "" };
  await call(world.client, "createUser", request, world.anna.token);
}

test("events are told as they happen, those that were asked for alone; nothing from before", async () => {
  await createUser("before");
  world.admins.world.clock.advance(1);
  const tail = new Tail({ event: "user." });
  await tail.attached;
  for (const name of ["one", "two", "three"]) await createUser(name);
  await call(world.client, "freezeUser", { tenantId: "", userId: "two" }, world.anna.token);
  await createUser("four");
  await tail.told("user:one", "user:two", "user:three", "user:four");
  expect(tail.events.some(({ subject }) => subject === "user:before")).toBe(false);
  expect(tail.events.every(({ event }) => event.startsWith("user."))).toBe(true);
  tail.stop();
});

test("resumed after a cursor it misses nothing of what happened meanwhile, and an event is known by its place", async () => {
  const first = new Tail({ event: "user.created" });
  await first.attached;
  await createUser("one");
  await first.told("user:one");
  first.stop();
  await first.ended;
  world.admins.world.clock.advance(60_000);
  const missed = Array.from({ length: 20 }, (_, i) => `missed-${i}`);
  for (const name of missed) await createUser(name);
  const second = new Tail({ event: "user.created", cursor: first.cursor });
  await second.told(...missed.map((name) => `user:${name}`));
  const places = second.events.map(({ shard, seq, index }) => `${shard}.${seq}.${index}`);
  expect(new Set(places).size).toBe(places.length);
  second.stop();
});

test("a cursor that came before all shards were read again loses nothing of the others", async () => {
  const first = new Tail({ event: "user.created" });
  await first.attached;
  first.stop();
  const subjects = Array.from({ length: 12 }, (_, i) => `user:later-${i}`);
  for (const subject of subjects) {
    world.admins.world.clock.advance(60_000);
    await createUser(subject.slice("user:".length));
  }
  const second = new Tail({ event: "user.created", cursor: first.cursor });
  await second.told(...subjects);
  second.stop();
  // Who dies after the first message goes on with its cursor.
  const third = new Tail({ event: "user.created", cursor: second.cursors[0] ?? "" });
  await third.told(...subjects);
  third.stop();
  expect(third.events.length).toBeGreaterThanOrEqual(subjects.length);
});

test("any of several events are told; both fields at once, and too many, are refused", async () => {
  const tail = new Tail({ events: ["user.frozen", "bot."] });
  await tail.attached;
  await createUser("one");
  await call(world.client, "freezeUser", { tenantId: "", userId: "one" }, world.anna.token);
  await call(world.client, "pauseBot", { tenantId: "", botId: world.admins.world.botId }, world.anna.token);
  await tail.told("user:one", `bot:${world.admins.world.botId}`);
  expect(tail.events.map(({ event }) => event).toSorted()).toEqual(["bot.paused", "user.frozen"]);
  tail.stop();
  expect(await new Tail({ event: "user.", events: ["bot."] }).ended).toBe("BAD_INPUT");
  expect(await new Tail({ events: Array.from({ length: 33 }, () => "bot.") }).ended).toBe("BAD_INPUT");
});

test("what is no cursor is refused; who is disabled hears no more", async () => {
  expect(await new Tail({ cursor: "garbage" }).ended).toBe("BAD_INPUT");
  const tail = new Tail({}, world.bob.token);
  await tail.attached;
  await call(world.client, "disableAdmin", { adminId: "bob" }, world.anna.token);
  expect(await tail.ended).toBe("UNAUTHENTICATED");
});
