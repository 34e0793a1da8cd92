import { Secret, silentLog, systemTimer } from "@countersign/bot-kit";
import { startChild } from "@countersign/testing";
import { expect, test } from "@jest/globals";
import { SmsChannel } from "../sms-channel.ts";
import { SmppPlatform } from "../smpp/smpp-platform.ts";
import { SAMPLE_NUMBER, SAMPLE_SHORT_CODE, shortOutgoing } from "./samples.ts";

const MAIN = "bots/sms/src/testing/fake-smsc-main.ts";

test("the fake as a process: a phone over REST, off and on, faults, and what was submitted", async () => {
  const fake = await startChild(MAIN, []);
  const { smpp, systemId, password, origin } = fake.ready as Record<string, string>;
  const rest = async (path: string, body?: object): Promise<unknown> => {
    const init = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
    return (await fetch(`${origin}${path}`, init)).json();
  };
  const [host = "", port] = String(smpp).split(":");
  const account = { host, port: Number(port), tls: undefined, systemId: String(systemId) };
  const platform = new SmppPlatform({
    account: { ...account, password: new Secret("SMPP password", String(password)) },
    sender: undefined,
    timer: systemTimer,
    log: silentLog,
  });
  const channel = new SmsChannel({ platform, timer: systemTimer, log: silentLog });
  const phone = `/phone/${SAMPLE_NUMBER}`;
  const next = rest(`${phone}/messages?after=0`);
  const id = await channel.deliver(shortOutgoing(), AbortSignal.timeout(60_000));
  const text: unknown = expect.stringContaining(SAMPLE_SHORT_CODE);
  const seen = { version: 1, messages: [{ id, text, buttons: [], edited: false, deleted: false }] };
  expect(await next).toEqual(seen);
  expect(await rest(`/phone/${SAMPLE_NUMBER.slice(1)}/messages`)).toEqual(seen);
  await rest(`${phone}/off`, {});
  await channel.deliver(shortOutgoing({ deliveryId: "2" }), AbortSignal.timeout(60_000));
  expect(await rest(`${phone}/messages`)).toMatchObject({ version: 1 });
  await rest(`${phone}/on`, {});
  expect(await rest(`${phone}/messages`)).toMatchObject({ version: 2 });
  await rest("/faults", { kind: "status", status: 0x0b });
  const refused = channel.deliver(shortOutgoing({ deliveryId: "3" }), AbortSignal.timeout(60_000));
  await expect(refused).rejects.toMatchObject({ fate: "permanent" });
  expect(await rest("/submitted")).toHaveLength(2);
  await channel.close();
  expect(await fake.stop()).toBe(0);
}, 400_000);

test("a fake listens on this machine alone", async () => {
  await expect(startChild(MAIN, ["--listen", "0.0.0.0:0"])).rejects.toThrow("127.0.0.1 alone");
});
