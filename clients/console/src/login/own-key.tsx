import { t } from "@countersign/pages";
import { type Key, KeyState, type KeyServiceFinishEnrolmentResponse } from "@countersign/proto/web/core/v1/key_service";
import { KeyError, registerKey } from "@countersign/sdk/browser";
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { admin, keys } from "../connection/core.ts";
import { daemon } from "../key/daemon.ts";
import { keyFailureOf } from "../key/key-failure.ts";
import { browserWords, stepWords } from "../key/key-words.ts";
import { Pair } from "../key/pair.tsx";
import { TakeToKey } from "../key/take-to-key.tsx";
import { whoAmI } from "../shell/me.ts";
import { FailureNote } from "../ui/failure-note.tsx";
import { useAction } from "../ui/use-action.ts";

interface OwnKeyProps {
  readonly onChanged: () => void;
}

type Enrolled = KeyServiceFinishEnrolmentResponse & { readonly key: Key };

/** Enrols a key of the administrator's own, and says what is still to be done with it. */
export function OwnKey({ onChanged }: OwnKeyProps): JSX.Element {
  const [made, setMade] = useState<Enrolled | undefined>(undefined);
  if (made === undefined) return <Enrol onMade={setMade} />;
  if (made.transaction !== undefined) {
    return (
      <>
        <p>{t("me-key-older")}</p>
        <TakeToKey
          transaction={made.transaction}
          confirmationToken={made.confirmationToken}
          onEnd={(ending) => ending === "executed" && onChanged()}
        />
      </>
    );
  }
  if (made.key.state === KeyState.ACTIVE) return <p class="note">{t("me-key-active")}</p>;
  return whoAmI.value?.mayConfirmOwnKey === true ? (
    <ConfirmOwn made={made} onChanged={onChanged} />
  ) : (
    <p class="note">{t("me-key-other-confirms", { fingerprint: grouped(made.key.fingerprint) })}</p>
  );
}

function Enrol({ onMade }: { onMade: (made: Enrolled) => void }): JSX.Element {
  const [pairing, setPairing] = useState(false);
  const [told, setTold] = useState<string | undefined>(undefined);
  const { busy, failure, run } = useAction();
  const leaving = useRef(new AbortController());
  useEffect(() => () => leaving.current.abort(), []);
  const finish = async (request: Parameters<typeof keys.finishEnrolment>[0]): Promise<void> => {
    const done = await keys.finishEnrolment({ ...request, name: t("me-key-name") });
    if (done.key === undefined) throw new Error("the core enrolled a key and did not tell which");
    onMade({ ...done, key: done.key });
  };
  const byBrowser = (): Promise<boolean> =>
    run(async () => {
      setTold(t("key-touch"));
      try {
        await finish(await enrolInBrowser(leaving.current.signal));
      } catch (error) {
        if (!(error instanceof KeyError)) throw error;
        setTold(browserWords(error));
      }
    });
  const byDaemon = (): Promise<boolean> =>
    run(async () => finish(await enrolAtDaemon(leaving.current.signal, (words) => setTold(words)).catch(refused)));
  return (
    <>
      <div class="choices">
        <button type="button" disabled={busy} onClick={() => (daemon().wasPaired ? void byDaemon() : setPairing(true))}>
          {t("me-enrol-daemon")}
        </button>
        <button type="button" class="secondary" disabled={busy} onClick={() => void byBrowser()}>
          {t("me-enrol-browser")}
        </button>
      </div>
      {pairing && !daemon().wasPaired && <Pair onPaired={() => void byDaemon()} />}
      <p role="status">{told}</p>
      {failure !== undefined && <FailureNote failure={failure} />}
    </>
  );
}

async function enrolInBrowser(signal: AbortSignal): Promise<Parameters<typeof keys.finishEnrolment>[0]> {
  const { enrolment } = await admin.beginOwnEnrolment({ requestId: crypto.randomUUID(), fido: true }, { signal });
  if (enrolment?.fido === undefined) throw new Error("the core began an enrolment without a security key");
  const { challenge, serverName, enrolmentToken, fido } = enrolment;
  const place = navigator.credentials;
  return { enrolmentToken, fido: await registerKey(fido, { challenge, serverName }, { place, signal }) };
}

async function enrolAtDaemon(
  signal: AbortSignal,
  tell: (words: string) => void,
): Promise<Parameters<typeof keys.finishEnrolment>[0]> {
  const { enrolment } = await admin.beginOwnEnrolment({ requestId: crypto.randomUUID(), fido: false }, { signal });
  if (enrolment === undefined) throw new Error("the core began no enrolment");
  const { challenge, serverId, serverName, enrolmentToken } = enrolment;
  await givePin(signal, tell);
  for await (const event of daemon().enrol({ serverId, serverName, challenge }, signal)) {
    if (typeof event === "string") tell(stepWords(event));
    else return { enrolmentToken, ...event };
  }
  throw new Error("the daemon ended an enrolment without what the key made");
}

function refused(error: unknown): never {
  throw keyFailureOf(error) ?? error;
}

/** A key that is new has no PIN, and makes nothing before it has one. */
async function givePin(signal: AbortSignal, tell: (words: string) => void): Promise<void> {
  const [key, ...others] = await daemon().listKeys();
  if (key === undefined || others.length > 0 || key.pinSet) return;
  tell(t("me-new-pin"));
  for await (const step of daemon().setPin(key.deviceId, signal)) if (step !== "pin") tell(stepWords(step));
}

function ConfirmOwn({ made, onChanged }: { made: Enrolled; onChanged: () => void }): JSX.Element {
  const { busy, failure, run } = useAction();
  const shownByPage = !made.key.hasDisplay;
  const confirm = (event: SubmitEvent): void => {
    event.preventDefault();
    const { value } = (event.currentTarget as HTMLFormElement).elements.namedItem("print") as HTMLInputElement;
    const fingerprint = value.replaceAll(/[\s-]/g, "").toLowerCase();
    void run(async () => {
      await admin.confirmOwnKey({ keyId: made.key.keyId, fingerprint });
      onChanged();
    });
  };
  return (
    <form onSubmit={confirm} autoComplete="off">
      <p>{shownByPage ? t("me-print-page", { fingerprint: grouped(made.key.fingerprint) }) : t("me-print-key")}</p>
      <label>
        {t("me-print")}
        <input name="print" type="text" dir="ltr" autoComplete="off" spellcheck={false} required />
      </label>
      <button type="submit" disabled={busy} aria-busy={busy}>
        {t("me-print-do")}
      </button>
      {failure !== undefined && <FailureNote failure={failure} />}
    </form>
  );
}

function grouped(fingerprint: string): string {
  return (fingerprint.match(/.{1,4}/g) ?? []).join(" ");
}
