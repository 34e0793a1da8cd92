import { expect, test } from "@jest/globals";
import { ReceiptServiceGetVerificationKeysRequest } from "@countersign/proto/node/core/v1/receipt_service";
import { toHex } from "@countersign/protocol";
import { call } from "./call.ts";
import { openCore } from "./core-connection.ts";
import { APP_TOKEN, FakeCore } from "../testing/index.ts";
import { Token } from "../token.ts";

test("of several cores one answers; when it is gone another does, without a failed call", async () => {
  const cores = [await new FakeCore().start(), await new FakeCore().start(), await new FakeCore().start()];
  const address = cores.map((core) => core.address).join(",");
  const core = openCore({ address, token: new Token(APP_TOKEN) });
  const answering = async (): Promise<FakeCore | undefined> => {
    const request = ReceiptServiceGetVerificationKeysRequest.create();
    const given = { token: core.token, deadlineMs: 60_000, patienceMs: 20_000 };
    const { publicKeys } = await call(core.receipts.getVerificationKeys.bind(core.receipts), request, given);
    const [key] = publicKeys;
    return cores.find(({ receiptKey }) => key !== undefined && toHex(receiptKey.coseKey) === toHex(key));
  };
  try {
    const asked = new Set<FakeCore | undefined>();
    for (let i = 0; i < cores.length; i += 1) {
      const one = await answering();
      expect(await answering()).toBe(one);
      asked.add(one);
      one?.stop();
    }
    expect(asked).toEqual(new Set(cores));
  } finally {
    core.close();
    for (const one of cores) one.stop();
  }
});
