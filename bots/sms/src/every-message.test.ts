import { PSEUDO_LOCALE, revealText, Secret, silentLog } from "@countersign/bot-kit";
import { everyMessage, ManualTimer, occurrences, type EveryMessage } from "@countersign/bot-kit/testing";
import { expect, test } from "@jest/globals";
import { SmsChannel } from "./sms-channel.ts";
import { SmppPlatform } from "./smpp/smpp-platform.ts";
import { FakeSmsc, SAMPLE_NUMBER } from "./testing/index.ts";

const SHORT = [...everyMessage()].filter(({ style }) => style === "short");

/** Every message that fits, as the phone shows it; undefined: refused as one that does not fit, and nothing sent. */
async function onThePhone(messages: readonly EveryMessage[]): Promise<(string | undefined)[]> {
  // Moments of the samples are near to where this timer begins.
  const timer = new ManualTimer();
  const smsc = await FakeSmsc.start({ now: () => timer.now() });
  const { systemId, password } = smsc.account;
  const account = { host: "127.0.0.1", port: smsc.port, tls: undefined, systemId };
  const platform = new SmppPlatform({
    account: { ...account, password: new Secret("SMPP password", password) },
    sender: { ton: 5, npi: 0, address: "Acme" },
    timer,
    log: silentLog,
  });
  const channel = new SmsChannel({ platform, timer, log: silentLog });
  const phone = smsc.phones.at(SAMPLE_NUMBER);
  const shown: (string | undefined)[] = [];
  for (const { outgoing } of messages) {
    const before = phone.messages.length;
    const delivered = channel.deliver({ ...outgoing, peerId: SAMPLE_NUMBER }, AbortSignal.timeout(60_000));
    const refused = await delivered.then(
      () => undefined,
      (error: { reason: string }) => error.reason,
    );
    if (refused !== undefined && refused !== "CHANNEL_DOES_NOT_FIT") throw new Error(`refused: ${refused}`);
    if (phone.messages.length - before > 1) throw new Error("shown more than once");
    shown.push(phone.messages[before]?.text);
  }
  await channel.close();
  await smsc.stop();
  if (smsc.violations.length > 0) throw new Error(smsc.violations.join("; "));
  return shown;
}

test("check 15: whatever fits is on the phone byte for byte, each part as often as it should be, nothing hidden", async () => {
  const shown = await onThePhone(SHORT);
  for (const [at, message] of SHORT.entries()) {
    const text = shown[at];
    const expected = text === undefined ? undefined : revealText(message.outgoing.message);
    expect(`${message.name}: ${text}`).toBe(`${message.name}: ${expected}`);
    const found = message.shows.map((part) => (text === undefined ? part.times : occurrences(text, part.text)));
    expect(found).toEqual(message.shows.map(({ times }) => times));
    expect(message.hides.filter((hidden) => text?.includes(hidden))).toEqual([]);
  }
}, 400_000);

// In Arabic a new code, or the last warning, does not fit beside where to type it on the PC: the next channel is asked.
const TOO_LONG = /^ar short full mode A host signs notice (?:12|13|21)$/;

test("every prompt and outcome of mode A fits, in every language", async () => {
  const modeA = SHORT.filter(({ mode, locale }) => mode === "A" && locale !== PSEUDO_LOCALE);
  const shown = await onThePhone(modeA);
  const unfit = modeA.filter((_, at) => shown[at] === undefined).map(({ name }) => name);
  expect(modeA.length).toBeGreaterThan(50);
  expect(unfit.filter((name) => !TOO_LONG.test(name))).toEqual([]);
}, 400_000);
