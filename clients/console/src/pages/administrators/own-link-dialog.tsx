import type {
  LinkServiceBeginLinkResponse,
  LinkServiceWatchLinkResponse,
} from "@countersign/proto/web/core/v1/link_service";
import { LinkState } from "@countersign/proto/web/core/v1/link_service";
import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { CoreFailure } from "../../connection/core-failure.ts";
import { admin } from "../../connection/core.ts";
import { t } from "../../i18n/words.ts";
import { TakeToKey } from "../../key/take-to-key.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { FailureNote } from "../../ui/failure-note.tsx";
import { Lines } from "../../ui/lines.tsx";
import { announce } from "../../ui/live-region.tsx";
import { StateBadge } from "../../ui/state-badge.tsx";
import { useAction } from "../../ui/use-action.ts";
import { PLATFORMS } from "../state/platforms.ts";
import { toneOfLink } from "../state/state-words.ts";
import { QrCode } from "../users/qr-code.tsx";
import { Choice, TextField } from "./field.tsx";

/** Links a chat of one's own: the chat claims it, the key signs it. */
export function OwnLinkDialog({ onClose }: { onClose: () => void }): JSX.Element {
  const [platform, setPlatform] = useState<string>(PLATFORMS[0]);
  const [address, setAddress] = useState("");
  const [link, setLink] = useState<LinkServiceBeginLinkResponse | undefined>(undefined);
  const { busy, failure, run } = useAction();
  const requestId = useMemo(() => crypto.randomUUID(), [platform, address]);
  const begin = async (): Promise<void> => setLink((await admin.beginOwnLink({ requestId, platform, address })).link);
  const hasAddress = platform === "mail" || platform === "sms";
  return (
    <Dialog title={t("administrators-link")} busy={busy} onClose={onClose}>
      {link !== undefined ? (
        <Linking link={link} onClose={onClose} />
      ) : (
        <>
          <Choice
            label={t("administrators-link-platform")}
            value={platform}
            options={PLATFORMS.map((each) => [each, each])}
            onInput={setPlatform}
          />
          {hasAddress && <TextField label={t("administrators-link-address")} value={address} onInput={setAddress} />}
          {failure !== undefined && <FailureNote failure={failure} />}
          <footer>
            <button type="button" class="secondary" disabled={busy} onClick={onClose}>
              {t("cancel")}
            </button>
            <button type="button" aria-busy={busy} disabled={busy} onClick={() => void run(begin)}>
              {t("administrators-link-begin")}
            </button>
          </footer>
        </>
      )}
    </Dialog>
  );
}

function Linking({ link, onClose }: { link: LinkServiceBeginLinkResponse; onClose: () => void }): JSX.Element {
  const { told, failure } = useLink(link.linkId);
  const state = told?.state ?? LinkState.WAITING;
  return (
    <>
      <p>
        <StateBadge tone={toneOfLink(state)}>{t(`link-state-${state}`)}</StateBadge>
      </p>
      {state === LinkState.WAITING && <ToTheBot link={link} />}
      {state === LinkState.CLAIMED && told?.transaction !== undefined && (
        <>
          <Lines lines={told.transaction.lines} />
          <TakeToKey transaction={told.transaction} confirmationToken={told.confirmationToken} />
        </>
      )}
      {state === LinkState.FAILED && (
        <p class="note note-bad">{t("administrators-link-ended", { reason: told?.reason ?? "" })}</p>
      )}
      {failure !== undefined && <FailureNote failure={failure} />}
      <footer>
        <button type="button" onClick={onClose}>
          {t("close")}
        </button>
      </footer>
    </>
  );
}

function ToTheBot({ link: { deepLink, linkToken } }: { link: LinkServiceBeginLinkResponse }): JSX.Element | null {
  if (deepLink !== "") {
    return (
      <>
        <p>
          {t("administrators-link-open")}{" "}
          <a href={deepLink} target="_blank" rel="noreferrer" dir="ltr">
            {deepLink}
          </a>
        </p>
        <QrCode text={deepLink} label={t("administrators-link-qr")} />
      </>
    );
  }
  if (linkToken === "") return null;
  return (
    <p>
      {t("administrators-link-send")} <code dir="ltr">/start {linkToken}</code>
    </p>
  );
}

interface Watched {
  readonly told: LinkServiceWatchLinkResponse | undefined;
  readonly failure: CoreFailure | undefined;
}

function useLink(linkId: string): Watched {
  const [watched, setWatched] = useState<Watched>({ told: undefined, failure: undefined });
  useEffect(() => {
    const leaving = new AbortController();
    void watch(linkId, leaving.signal, setWatched);
    return () => leaving.abort();
  }, [linkId]);
  const state = watched.told?.state;
  useEffect(() => {
    if (state !== undefined) announce(t(`link-state-${state}`));
  }, [state]);
  return watched;
}

async function watch(linkId: string, signal: AbortSignal, tell: (watched: Watched) => void): Promise<void> {
  try {
    for await (const { link } of admin.watchOwnLink({ linkId }, { signal })) tell({ told: link, failure: undefined });
  } catch (error) {
    if (signal.aborted) return;
    if (!(error instanceof CoreFailure)) throw error;
    tell({ told: undefined, failure: error });
  }
}
