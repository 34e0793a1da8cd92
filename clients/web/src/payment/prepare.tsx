import { announce, DaemonPort, PairDaemon, t } from "@countersign/pages";
import { CoreError, KeyError, type LocalKey } from "@countersign/sdk/browser";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { DaemonNote } from "./daemon-note.tsx";
import { KeyHelp } from "./key-help.tsx";
import { daemonHere } from "./wired.ts";

/** A key that is plugged in, as far as the payment needs it. */
export interface ChosenKey {
  readonly deviceId: string;
  readonly takesCode: boolean;
}

interface PrepareProps {
  readonly onReady: (key: ChosenKey) => void;
}

/** Before anything is asked of the bank: this page is paired with the daemon of the PC, and a key is there. */
export function Prepare({ onReady }: PrepareProps): JSX.Element {
  const [paired, setPaired] = useState(daemonHere().wasPaired);
  if (!paired) {
    return (
      <>
        <h2>{t("prepare-pair")}</h2>
        <PairDaemon
          pair={(show, signal) => daemonHere().pair(show, signal)}
          tell={(error) => (error instanceof CoreError ? <DaemonNote error={error} /> : undefined)}
          onPaired={() => setPaired(true)}
        />
        <KeyHelp />
      </>
    );
  }
  return <FindKey onReady={onReady} onUnpaired={() => setPaired(false)} />;
}

type Found = { readonly keys: readonly LocalKey[] } | { readonly error: CoreError | KeyError };

function FindKey({ onReady, onUnpaired }: PrepareProps & { onUnpaired: () => void }): JSX.Element {
  const [found, setFound] = useState<Found | undefined>(undefined);
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let isHere = true;
    const look = async (): Promise<void> => {
      const seen = await keysHere();
      if (!isHere) return;
      setFound(seen);
      if ("error" in seen && seen.error instanceof CoreError && seen.error.reason === "NOT_PAIRED") onUnpaired();
      if ("keys" in seen && seen.keys.length === 0) announce(t("prepare-none"));
      const [only] = "keys" in seen ? seen.keys : [];
      if ("keys" in seen && seen.keys.length === 1 && only !== undefined) onReady(chosen(only));
    };
    void look();
    return () => {
      isHere = false;
    };
  }, [turn]);

  if (found === undefined) return <p aria-busy="true">{t("prepare-looking")}</p>;
  if ("keys" in found && found.keys.length > 1) return <ManyKeys keys={found.keys} onReady={onReady} />;
  return (
    <>
      {"error" in found ? (
        <DaemonNote error={found.error} />
      ) : (
        <p class="note note-warn" role="alert">
          {t("prepare-none")}
        </p>
      )}
      <button type="button" onClick={() => setTurn(turn + 1)}>
        {t("prepare-again")}
      </button>
      <DaemonPort onChanged={onUnpaired} />
      <KeyHelp />
    </>
  );
}

function ManyKeys({ keys, onReady }: PrepareProps & { keys: readonly LocalKey[] }): JSX.Element {
  return (
    <fieldset>
      <legend>{t("prepare-which")}</legend>
      {keys.map((key) => (
        <button key={key.deviceId} type="button" class="secondary" onClick={() => onReady(chosen(key))}>
          <bdi>{key.serial === "" ? key.deviceId : key.serial}</bdi>
        </button>
      ))}
    </fieldset>
  );
}

function chosen(key: LocalKey): ChosenKey {
  return { deviceId: key.deviceId, takesCode: !key.hasKeypad };
}

async function keysHere(): Promise<Found> {
  try {
    return { keys: await daemonHere().listKeys() };
  } catch (error) {
    if (error instanceof CoreError || error instanceof KeyError) return { error };
    throw error;
  }
}
