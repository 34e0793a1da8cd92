import { beforeEach, describe, expect, test } from "@jest/globals";
import { Metadata } from "@grpc/grpc-js";
import { Kind } from "@countersign/protocol";
import { grantKey, tokenKey } from "../identity/entity-key.ts";
import { CoreWorld } from "../testing/core-world.ts";
import { bearer } from "../testing/serve-world.ts";
import { authenticate } from "./authenticate.ts";
import { derivedToken, newToken, tokenId } from "./token.ts";

let world: CoreWorld;
let app: { readonly appId: string; readonly token: string };

beforeEach(async () => {
  world = await CoreWorld.open();
  app = await world.addApp(world.tenantId, "execute");
});

const who = (metadata: Metadata) => authenticate(world.given, metadata);
const unauthenticated = { refused: "UNAUTHENTICATED" };

test("no token is nobody, which is no refusal yet", async () => {
  expect(await who(new Metadata())).toBeUndefined();
});

test("an app's token names app, tenant and scope", async () => {
  const { tenantId } = world;
  expect(await who(bearer(app.token))).toEqual({ kind: "app", tenantId, appId: app.appId, scope: "execute" });
});

test("a confirmation token names its transaction", async () => {
  const { transaction, confirmationToken } = await world.create();
  expect(await who(bearer(confirmationToken))).toEqual({ kind: "confirmation", txId: transaction.txId });
});

describe("a grant", () => {
  const grantId = "ee".repeat(16);
  const token = (): string => derivedToken(world.given.secrets, "grant", grantId);

  test("names user and kinds until it lapses", async () => {
    const { tenantId, userId } = world;
    const until = world.given.store.now() + 1000;
    await world.put(grantKey(grantId), { grantId, tenantId, userId, kinds: [Kind.PAY], until, usedBy: undefined });
    expect(await who(bearer(token()))).toEqual({ kind: "grant", tenantId, userId, grantId, kinds: [Kind.PAY] });
    world.clock.advance(1001);
    expect(await who(bearer(token()))).toMatchObject(unauthenticated);
  });

  test("that was never stored opens nothing", async () => {
    expect(await who(bearer(token()))).toMatchObject(unauthenticated);
  });
});

const attach = async (development: boolean) => {
  const token = newToken("cs_bot_", world.given.random);
  const { tenantId, botId } = world;
  await world.put(tokenKey(tokenId(token)), { kind: "bot", tenantId, botId });
  return authenticate({ ...world.given, development }, bearer(token));
};

describe("a sandbox bot", () => {
  test("is let in by a development core", async () => {
    expect(await attach(true)).toMatchObject({ kind: "bot", botId: world.botId, platform: "sandbox" });
  });
  test("is refused by any other", async () => {
    expect(await attach(false)).toMatchObject({ refused: "NOT_ALLOWED" });
  });
});

describe("refused alike", () => {
  const values: [string, (token: string) => string[]][] = [
    ["another scheme", (token) => [`Basic ${token}`]],
    ["no scheme", (token) => [token]],
    ["two headers", (token) => [`Bearer ${token}`, `Bearer ${token}`]],
    ["a blank too many", (token) => [`Bearer  ${token}`]],
    ["something behind it", (token) => [`Bearer ${token} x`]],
    ["one character less", (token) => [`Bearer ${token.slice(0, -1)}`]],
    ["another prefix", (token) => [`Bearer ${token.replace("cs_app_", "cs_bot_")}`]],
    ["an enrolment token", () => [`Bearer ${derivedToken(world.given.secrets, "enrolment", "aa".repeat(16))}`]],
  ];
  test.each(values)("%s", async (_name, of) => {
    const metadata = new Metadata();
    for (const value of of(app.token)) metadata.add("authorization", value);
    expect(await who(metadata)).toMatchObject(unauthenticated);
  });
});

test("the scheme is written as anybody likes", async () => {
  const metadata = new Metadata();
  metadata.set("authorization", `bearer ${app.token}`);
  expect(await who(metadata)).toMatchObject({ kind: "app" });
});
