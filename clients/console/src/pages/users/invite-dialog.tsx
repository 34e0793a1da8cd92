import { announce, msOf, saveFile, t } from "@countersign/pages";
import type { KeyServiceBeginEnrolmentResponse } from "@countersign/proto/web/core/v1/key_service";
import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import { admin } from "../../connection/core.ts";
import { tenantId } from "../../shell/tenant.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { FailureNote } from "../../ui/failure-note.tsx";
import { QrCode } from "../../ui/qr-code.tsx";
import { useAction } from "../../ui/use-action.ts";
import { enrolmentLink } from "./enrolment-link.ts";
import { minutesText, useTimeLeft } from "./use-time-left.ts";

/** Invites a user to enrol a key: a QR code that is good for some minutes. */
export function InviteDialog({ userId, onClose }: { userId: string; onClose: () => void }): JSX.Element {
  const [fido, setFido] = useState(false);
  const [enrolment, setEnrolment] = useState<KeyServiceBeginEnrolmentResponse | undefined>(undefined);
  const { busy, failure, run } = useAction();
  const requestId = useMemo(() => crypto.randomUUID(), [fido]);
  const make = async (): Promise<void> => {
    const answer = await admin.inviteUser({ requestId, tenantId: tenantId.value, userId, fido });
    setEnrolment(answer.enrolment);
  };
  return (
    <Dialog title={t("users-invite-title", { user: userId })} busy={busy} onClose={onClose}>
      {enrolment === undefined ? (
        <>
          <p>{t("users-invite-means")}</p>
          <label>
            <input type="checkbox" checked={fido} onChange={({ currentTarget }) => setFido(currentTarget.checked)} />
            {t("users-invite-fido")}
          </label>
          {failure !== undefined && <FailureNote failure={failure} />}
          <footer>
            <button type="button" class="secondary" disabled={busy} onClick={onClose}>
              {t("cancel")}
            </button>
            <button type="button" aria-busy={busy} disabled={busy} onClick={() => void run(make)}>
              {t("users-invite-make")}
            </button>
          </footer>
        </>
      ) : (
        <Invitation userId={userId} enrolment={enrolment} onClose={onClose} />
      )}
    </Dialog>
  );
}

interface InvitationProps {
  readonly userId: string;
  readonly enrolment: KeyServiceBeginEnrolmentResponse;
  readonly onClose: () => void;
}

function Invitation({ userId, enrolment, onClose }: InvitationProps): JSX.Element {
  const { expiresAt } = enrolment;
  const until = expiresAt === undefined ? undefined : msOf(expiresAt);
  const left = useTimeLeft(until, (seconds) => announce(t("users-invite-seconds", { seconds })));
  const link = useMemo(() => enrolmentLink(enrolment), [enrolment]);
  return (
    <>
      {left === 0 ? (
        <p class="note note-bad" role="alert">
          {t("users-invite-over")}
        </p>
      ) : (
        <>
          <p>{t("users-invite-show")}</p>
          <p>
            <code dir="ltr">countersign key enrol --invitation FILE</code>
          </p>
          <div class="invitation">
            <QrCode text={link} label={t("users-invite-qr", { user: userId })} />
          </div>
          <p role="timer">{t("users-invite-left", { time: minutesText(left) })}</p>
        </>
      )}
      <footer>
        {left > 0 && (
          <button type="button" class="secondary" onClick={() => saveFile(`invitation-${userId}.txt`, `${link}\n`)}>
            {t("users-invite-file")}
          </button>
        )}
        <button type="button" onClick={onClose}>
          {t("close")}
        </button>
      </footer>
    </>
  );
}
