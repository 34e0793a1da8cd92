import { revealText, Secret, silentLog, systemTimer, type FrontDesk } from "@countersign/bot-kit";
import { ManualTimer } from "@countersign/bot-kit/testing";
import { testWith } from "@countersign/testing";
import { smscPresent, startPeerSmsc, type PeerSmsc } from "@countersign/testing/sms";
import { afterEach, beforeEach, expect } from "@jest/globals";
import { SmsChannel } from "../sms-channel.ts";
import { SAMPLE_NUMBER, shortMessage, shortOutgoing } from "../testing/index.ts";
import { SmppPlatform } from "./smpp-platform.ts";

const peerTest = testWith("smsc", smscPresent);
const [SYSTEM_ID, PASSWORD] = ["countersign", "pw-peer1"];
let smsc: PeerSmsc;
let channel: SmsChannel;
let told: unknown[][];
const desk: FrontDesk = {
  said: async () => undefined,
  pressed: async () => undefined,
  gone: async () => undefined,
  mayJoin: async () => false,
  receipt: async (...receipt) => void told.push(receipt),
};

function channelTo(
  more: Partial<ConstructorParameters<typeof SmppPlatform>[0]> = {},
  password: string = PASSWORD,
): SmsChannel {
  const account = { host: "127.0.0.1", port: smsc.port, tls: undefined, systemId: SYSTEM_ID };
  const platform = new SmppPlatform({
    account: { ...account, password: new Secret("SMPP password", password) },
    sender: { ton: 5, npi: 0, address: "Acme" },
    timer: systemTimer,
    log: silentLog,
    ...more,
  });
  return new SmsChannel({ platform, timer: systemTimer, log: silentLog });
}

beforeEach(async () => {
  if (!smscPresent) return;
  told = [];
  smsc = await startPeerSmsc(SYSTEM_ID, PASSWORD);
  channel = channelTo();
}, 400_000);

afterEach(async () => {
  if (!smscPresent) return;
  await channel.close();
  await smsc.stop();
});

const violations = (): unknown[] => smsc.happened.filter(({ event }) => event === "violation");
const ship = async (more: string = "", notAfter?: Date): Promise<string> =>
  channel.deliver(shortOutgoing({ message: shortMessage(more), notAfter }), AbortSignal.timeout(60_000));

peerTest("an SMSC on two other codecs reads what we sent, to the last field", async () => {
  const notAfter = new Date("2026-12-24T18:30:15.900Z");
  expect(await ship("", notAfter)).toBe("py-1");
  expect(smsc.submits()).toEqual([
    {
      ...{ event: "submit", id: "py-1", to: SAMPLE_NUMBER.slice(1), source: "Acme" },
      ...{ sourceTon: "ALPHANUMERIC", destTon: "INTERNATIONAL", coding: 0, header: null, sar: [] },
      ...{ validity: "261224183015900+", validUntil: "2026-12-24T18:30:15.900000" },
      ...{ registered: "SMSC_DELIVERY_RECEIPT_REQUESTED", replace: "REPLACE" },
      text: revealText(shortMessage()),
    },
  ]);
  expect(violations()).toEqual([]);
});

for (const joining of ["udh", "sar"] as const) {
  peerTest(`texts of every kind arrive byte for byte, in two parts by ${joining}`, async () => {
    await channel.close();
    channel = channelTo({ joining });
    const texts = ["ÄÖÜ €[]{}~^|\\ @$_ ΔΦΓ ¡¿ §£¥ èéùìòÇ Øø Åå Ææß".repeat(2), "Ж王م😀".repeat(8), "short", "Ł"];
    for (const more of texts) await ship(more);
    const joined = new Map<string, string>();
    for (const { header, sar, id, text } of smsc.submits()) {
      const [reference, total] = header === null ? sar : header.slice(3);
      const key = reference === undefined ? id : `${reference}/${total}`;
      joined.set(key, (joined.get(key) ?? "") + text);
    }
    expect([...joined.values()]).toEqual(texts.map((more) => revealText(shortMessage(more))));
    expect(violations()).toEqual([]);
  });
}

peerTest("its delivery receipts are understood, and answered so that it takes them for received", async () => {
  await channel.listen(desk, new AbortController().signal);
  const [first, second] = [await ship(), await ship("more")];
  smsc.report(first, "DELIVRD");
  smsc.report(second, "EXPIRED");
  await smsc.until(() => smsc.happened.filter(({ event }) => event === "report-answered").length === 2);
  expect(told.map((receipt) => receipt.slice(1))).toEqual([
    [SAMPLE_NUMBER, first, true],
    [SAMPLE_NUMBER, second, false],
  ]);
  expect(smsc.happened.filter(({ event }) => event === "report-answered")).toEqual([
    { event: "report-answered", status: "ESME_ROK" },
    { event: "report-answered", status: "ESME_ROK" },
  ]);
});

peerTest("its throttling is silence, its refusal of the password is for good", async () => {
  // The silence is over when its timer says so, and here that does not move.
  await channel.close();
  channel = channelTo({ timer: new ManualTimer() });
  smsc.throttleNext(1);
  await channel.signIn(AbortSignal.timeout(60_000));
  await expect(ship()).rejects.toMatchObject({ fate: "not-sent", detail: "smpp-88", retryAfterMs: 1_000 });
  await expect(ship()).rejects.toMatchObject({ fate: "not-sent", detail: "rate-limited" });
  await expect(channelTo({}, "wrong").signIn(AbortSignal.timeout(60_000))).rejects.toThrow("--smpp-password-file");
});
