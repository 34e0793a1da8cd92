import { t } from "@countersign/pages";
import type {
  LinkServiceBeginLinkResponse,
  LinkServiceWatchLinkResponse,
} from "@countersign/proto/web/core/v1/link_service";
import { LinkState } from "@countersign/proto/web/core/v1/link_service";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { CoreFailure } from "../connection/core-failure.ts";
import { admin } from "../connection/core.ts";
import { TakeToKey } from "../key/take-to-key.tsx";
import { FailureNote } from "../ui/failure-note.tsx";
import { QrCode } from "../ui/qr-code.tsx";
import { useAction } from "../ui/use-action.ts";

const PLATFORMS = ["telegram", "matrix", "mail", "sms", "sandbox"];
const BY_ADDRESS = ["mail", "sms"];

/** Links a chat of the administrator's own; his key signs it. */
export function OwnLink({ onChanged }: { onChanged: () => void }): JSX.Element {
  const [begun, setBegun] = useState<LinkServiceBeginLinkResponse | undefined>(undefined);
  const [platform, setPlatform] = useState(PLATFORMS[0] ?? "");
  const { busy, failure, run } = useAction();
  if (begun !== undefined) return <Linking begun={begun} onLinked={onChanged} />;
  const begin = (event: SubmitEvent): void => {
    event.preventDefault();
    const place = (event.currentTarget as HTMLFormElement).elements.namedItem("address");
    const address = place instanceof HTMLInputElement ? place.value.trim() : "";
    void run(async () => {
      const { link } = await admin.beginOwnLink({ requestId: crypto.randomUUID(), platform, address });
      setBegun(link);
    });
  };
  return (
    <form onSubmit={begin} autoComplete="off">
      <label>
        {t("me-platform")}
        <select value={platform} onChange={({ currentTarget }) => setPlatform(currentTarget.value)}>
          {PLATFORMS.map((each) => (
            <option key={each} value={each} selected={each === platform}>
              {each}
            </option>
          ))}
        </select>
      </label>
      {BY_ADDRESS.includes(platform) && (
        <label>
          {t("me-address")}
          <input name="address" type="text" dir="ltr" autoComplete="off" required />
        </label>
      )}
      <button type="submit" disabled={busy} aria-busy={busy}>
        {t("me-link")}
      </button>
      {failure !== undefined && <FailureNote failure={failure} />}
    </form>
  );
}

function Linking({ begun, onLinked }: { begun: LinkServiceBeginLinkResponse; onLinked: () => void }): JSX.Element {
  const { linkId, deepLink, linkToken } = begun;
  const { seen, failure } = useLink(linkId, onLinked);
  if (failure !== undefined) return <FailureNote failure={failure} />;
  if (seen?.state === LinkState.FAILED)
    return <p class="note note-bad">{t("me-link-failed", { reason: seen.reason })}</p>;
  if (seen?.transaction !== undefined) {
    return <TakeToKey transaction={seen.transaction} confirmationToken={seen.confirmationToken} />;
  }
  return (
    <>
      <p>{deepLink === "" ? t("me-link-token") : t("me-link-open")}</p>
      {deepLink !== "" && (
        <p>
          <a href={deepLink} rel="noreferrer" target="_blank" dir="ltr">
            {deepLink}
          </a>
        </p>
      )}
      {deepLink !== "" && <QrCode text={deepLink} label={t("me-link-qr")} />}
      {linkToken !== "" && (
        <p>
          <code class="id" dir="ltr">{`/start ${linkToken}`}</code>
        </p>
      )}
    </>
  );
}

interface Watched {
  readonly seen: LinkServiceWatchLinkResponse | undefined;
  readonly failure: CoreFailure | undefined;
}

function useLink(linkId: string, onLinked: () => void): Watched {
  const [watched, setWatched] = useState<Watched>({ seen: undefined, failure: undefined });
  useEffect(() => {
    const leaving = new AbortController();
    const { signal } = leaving;
    const watch = async (): Promise<void> => {
      for await (const { link } of admin.watchOwnLink({ linkId }, { signal })) {
        setWatched({ seen: link, failure: undefined });
        if (link?.state === LinkState.LINKED) return onLinked();
      }
    };
    watch().catch((error: unknown) => {
      if (signal.aborted) return;
      if (!(error instanceof CoreFailure)) throw error;
      setWatched(({ seen }) => ({ seen, failure: error }));
    });
    return () => leaving.abort();
  }, [linkId]);
  return watched;
}
