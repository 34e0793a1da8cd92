import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { credentials } from "@grpc/grpc-js";
import { Kind } from "@countersign/protocol";
import { State } from "@countersign/proto/node/core/v1/content";
import {
  UserServiceClient,
  UserServiceCreateRequest,
  UserState,
  type UserServiceCreateResponse,
} from "@countersign/proto/node/core/v1/user_service";
import { servicesOf } from "../services.ts";
import { call, refused } from "../testing/call.ts";
import { CoreWorld } from "../testing/core-world.ts";
import { serveWorld, type ServedWorld } from "../testing/serve-world.ts";

let world: CoreWorld;
let served: ServedWorld;
let client: UserServiceClient;
let app: string;

beforeEach(async () => {
  world = await CoreWorld.open();
  app = (await world.addApp(world.tenantId, "submit")).token;
  served = await serveWorld(servicesOf(world.given));
  client = new UserServiceClient(served.address, credentials.createInsecure());
});
afterEach(async () => {
  client.close();
  await served.close();
});

const create = (over: Partial<UserServiceCreateRequest> = {}, token = app): Promise<UserServiceCreateResponse> => {
  const request = UserServiceCreateRequest.create({ requestId: "r1", userId: "alice", phrase: "green boat", ...over });
  return call(client, "create", request, token);
};
const thaw = (requestId: string, userId = world.userId) => call(client, "requestThaw", { requestId, userId }, app);

const freeze = () => call(client, "freeze", { userId: world.userId }, app);
const suspend = () => call(client, "suspend", { userId: world.userId }, app);

describe("Create", () => {
  test("makes a user; repeating it is harmless", async () => {
    const first = await create({ locale: "DE-ch" });
    expect(first.user).toMatchObject({ userId: "alice", state: UserState.ACTIVE, locale: "de-CH" });
    expect(await create({ locale: "DE-ch" })).toEqual(first);
    expect((await call(client, "get", { userId: "alice" }, app)).user).toEqual(first.user);
  });

  test("another body under the request_id, and another request for the name, are ALREADY_EXISTS", async () => {
    await create();
    expect((await refused(create({ phrase: "other" }))).reason).toBe("IDEMPOTENCY_CONFLICT");
    expect((await refused(create({ requestId: "r2" }))).reason).toBe("ALREADY_EXISTS");
  });

  test("20 at once make one user", async () => {
    const all = await Promise.allSettled(
      Array.from({ length: 20 }, (_, i) => create({ requestId: `r${i}`, phrase: `p${i}` })),
    );
    expect(all.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  test("two tenants may have users of one name", async () => {
    const tenantId = "99".repeat(16);
    await world.addTenant(tenantId, "Other Bank");
    const other = (await world.addApp(tenantId, "submit")).token;
    const [one, two] = [await create(), await create({ phrase: "theirs" }, other)];
    expect(one.user?.userId).toBe(two.user?.userId);
  });

  test.each([
    [{ requestId: "" }, "request_id"],
    [{ userId: "" }, "user_id"],
    [{ userId: "a/b" }, "user_id"],
    [{ userId: "a".repeat(65) }, "user_id"],
    [{ phrase: "two  spaces" }, "phrase"],
    [{ phrase: "x".repeat(41) }, "phrase"],
    [{ phrase: "line\u2028break" }, "phrase"],
    [{ locale: "not a locale" }, "locale"],
  ])("%j is bad input", async (over, field) => {
    expect(await refused(create(over))).toMatchObject({ reason: "BAD_INPUT", message: expect.stringContaining(field) });
  });
});

describe("states", () => {
  test("Freeze stops confirmations, Suspend outlives a freeze, both repeat harmlessly", async () => {
    expect((await freeze()).user?.state).toBe(UserState.FROZEN);
    expect((await freeze()).user?.state).toBe(UserState.FROZEN);
    expect((await suspend()).user?.state).toBe(UserState.SUSPENDED);
    expect((await suspend()).user?.state).toBe(UserState.SUSPENDED);
    const told = (await world.deliveries()).flatMap(({ wanted }) => wanted.notice ?? []);
    expect(told.filter(({ type }) => type === "USER_SUSPENDED")).toHaveLength(1);
    expect((await refused(freeze())).reason).toBe("STATE_CONFLICT");
    expect((await refused(thaw("t"))).reason).toBe("STATE_CONFLICT");
  });

  test("a freeze is told to the user's chats", async () => {
    await call(client, "freeze", { userId: world.userId }, app);
    const waiting = await world.given.store.lane(world.botId, 10);
    expect(waiting).toHaveLength(1);
  });
});

describe("check 06: RequestThaw", () => {
  test("makes a THAW for a frozen or blocked user, the same again for a repeated request", async () => {
    await world.changeUser({ state: "BLOCKED", wrongInARow: 5 });
    const made = await thaw("t1");
    expect(made.transaction).toMatchObject({ kind: Kind.THAW, state: State.PENDING, keyIds: [world.key.keyId] });
    expect(made.confirmationToken).toMatch(/^cs_conf_/);
    expect(await thaw("t1")).toEqual(made);
    await world.changeUser({ state: "ACTIVE" });
    expect((await thaw("t1")).transaction?.transactionId).toBe(made.transaction?.transactionId);
  });

  test("nothing to thaw is STATE_CONFLICT, nobody to thaw NOT_FOUND", async () => {
    expect((await refused(thaw("t1"))).reason).toBe("STATE_CONFLICT");
    expect((await refused(thaw("t2", "nobody"))).reason).toBe("NOT_FOUND");
  });

  test("one open at a time", async () => {
    await world.changeUser({ state: "FROZEN" });
    await thaw("t1");
    const ended = await refused(thaw("t2"));
    expect(ended.reason).toBe("RATE_LIMITED");
    expect(ended.retryAfterMs).toBeGreaterThan(0);
  });
});
