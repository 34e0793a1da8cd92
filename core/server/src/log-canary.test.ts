import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { credentials } from "@grpc/grpc-js";
import { fromHex } from "@countersign/protocol";
import {
  KeyServiceBeginEnrolmentRequest,
  KeyServiceClient,
  KeyServiceFinishEnrolmentRequest,
} from "@countersign/proto/node/core/v1/key_service";
import { VerificationServiceClient } from "@countersign/proto/node/core/v1/verification_service";
import type { CoreGiven } from "./given.ts";
import { openLog } from "./log.ts";
import { servicesOf } from "./services.ts";
import type { Store } from "./store/store.ts";
import { call, refused } from "./testing/call.ts";
import { CoreWorld } from "./testing/core-world.ts";
import { serveWorld, type ServedWorld } from "./testing/serve-world.ts";
import { TestDevice } from "./testing/test-device.ts";

/** Everything that was logged, and every word that a refused caller was told. */
const said: string[] = [];
const secrets: string[] = [];
let failing = false;
let world: CoreWorld;
let served: ServedWorld;

beforeEach(async () => {
  said.length = 0;
  secrets.length = 0;
  failing = false;
  world = await CoreWorld.open();
  const log = openLog("debug", { write: (line) => void said.push(line) });
  served = await serveWorld(
    servicesOf({ ...world.given, log, store: unreliable(world.given.store) } satisfies CoreGiven),
  );
});
afterEach(() => served.close());

/** A store whose failures quote what they were asked, as a careless library might. */
function unreliable(store: Store): Store {
  return new Proxy(store, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      return (...args: unknown[]): unknown => {
        if (failing && name === "commit") throw new Error(`cannot commit ${secrets.join(" ")} ${JSON.stringify(args)}`);
        return Reflect.apply(member, target, args);
      };
    },
  });
}

async function provoke(calling: Promise<unknown>): Promise<void> {
  const { message, metadata, reason } = await refused(calling);
  said.push(JSON.stringify({ message, metadata, reason }));
}

test("check 16: no code, digits or token in logs and errors, at debug level, in refusals and in crashes", async () => {
  const { token } = await world.addApp(world.tenantId, "submit");
  const keys = new KeyServiceClient(served.address, credentials.createInsecure());
  const verification = new VerificationServiceClient(served.address, credentials.createInsecure());
  const { transaction, confirmationToken } = await world.create();
  const code = world.code(transaction);
  secrets.push(token, confirmationToken, code, `${token}X`);

  await provoke(call(keys, "list", { userId: world.userId }, `${token}X`));
  await provoke(call(keys, "list", { userId: token }, token));
  const submit = (signed: Uint8Array, bearer: string) => {
    const request = { transactionId: transaction.txId, signedStatement: Buffer.from(signed) };
    return call(verification, "submitStatement", request, bearer);
  };
  await provoke(submit(world.signed(transaction, { code: world.wrongCode(transaction) }), confirmationToken));
  await provoke(submit(new TextEncoder().encode(code), token));

  const begin = KeyServiceBeginEnrolmentRequest.create({ requestId: "r", userId: world.userId, digits: true });
  const { enrolmentToken, digits, challenge, serverId } = await call(keys, "beginEnrolment", begin, token);
  secrets.push(enrolmentToken, digits);
  const given = {
    serverId: fromHex(serverId),
    challenge: new Uint8Array(challenge),
    digits: digits.split("").toReversed().join(""),
  };
  const finish = (signed: Uint8Array) =>
    call(
      keys,
      "finishEnrolment",
      KeyServiceFinishEnrolmentRequest.create({ enrolmentToken, signedEnrolment: Buffer.from(signed) }),
    );
  await provoke(finish(new TestDevice().enrol(given)));

  failing = true;
  await provoke(finish(new TestDevice().enrol({ ...given, digits })));
  await provoke(submit(world.signed(transaction), confirmationToken));
  keys.close();
  verification.close();

  expect(said.join("")).toContain("unexpected error");
  const tokens = secrets.filter((secret) => secret.startsWith("cs_"));
  expect(tokens).toHaveLength(4);
  for (const line of said) for (const secret of tokens) expect(line).not.toContain(secret.slice(8));
  const digitsSaid = said.filter((line) => [code, digits].some((secret) => new RegExp(`\\b${secret}\\b`).test(line)));
  expect(digitsSaid).toEqual([]);
});
