import { announce, t } from "@countersign/pages";
import {
  type AdminServiceSendTestMessageResponse,
  type Bot,
  type DeliveryFinding,
  DeliveryReason,
} from "@countersign/proto/web/admin/v1/admin_service";
import { pause } from "@countersign/sdk/browser";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { CoreFailure } from "../../connection/core-failure.ts";
import { admin } from "../../connection/core.ts";
import { me } from "../../shell/me.ts";
import { tenantId } from "../../shell/tenant.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { FailureNote } from "../../ui/failure-note.tsx";
import { useAction } from "../../ui/use-action.ts";
import { FindingNote } from "../deliveries/finding-note.tsx";
import { reasonText } from "../deliveries/finding-text.ts";

/** Sends a message without a code to the administrator himself, and follows what becomes of it. Of every role. */
export function TestDialog({ bot, onClose }: { bot: Bot; onClose: () => void }): JSX.Element {
  const [sent, setSent] = useState<AdminServiceSendTestMessageResponse | undefined>(undefined);
  const { busy, failure, run } = useAction();
  const send = async (): Promise<void> =>
    setSent(await admin.sendTestMessage({ tenantId: tenantId.value, botId: bot.botId }));
  return (
    <Dialog title={t("channels-test-title", { name: bot.name })} busy={busy} onClose={onClose}>
      <p>{t("channels-test-means")}</p>
      {sent?.throughOtherBot === true && <p class="note">{t("channels-test-other")}</p>}
      {sent !== undefined && <Followed sent={sent} />}
      {failure !== undefined && <FailureNote failure={failure} />}
      <footer>
        <button type="button" class="secondary" disabled={busy} onClick={onClose}>
          {t("close")}
        </button>
        {sent === undefined && (
          <button type="button" aria-busy={busy} disabled={busy} onClick={() => void run(send)}>
            {t("channels-test-send")}
          </button>
        )}
      </footer>
    </Dialog>
  );
}

const LOOK_AGAIN_MS = 1_000;
const UNDER_WAY: readonly DeliveryReason[] = [DeliveryReason.AT_BOT, DeliveryReason.WAITING];

function Followed({ sent }: { sent: AdminServiceSendTestMessageResponse }): JSX.Element | null {
  const { testMessageId, channel } = sent;
  const [finding, setFinding] = useState<DeliveryFinding | undefined>(channel?.finding);
  useEffect(() => {
    const leaving = new AbortController();
    void follow(testMessageId, leaving.signal, setFinding);
    return () => leaving.abort();
  }, [testMessageId]);
  const reason = finding?.reason;
  useEffect(() => {
    if (finding !== undefined) announce(reasonText(finding));
  }, [reason]);
  return finding === undefined ? null : <FindingNote finding={finding} userId={me.value?.adminId ?? ""} />;
}

/** Asks until it is sent or failed. */
async function follow(
  testMessageId: string,
  signal: AbortSignal,
  tell: (finding: DeliveryFinding | undefined) => void,
): Promise<void> {
  const request = { tenantId: tenantId.value, about: { $case: "testMessageId", value: testMessageId } } as const;
  while (!signal.aborted) {
    try {
      const { finding } = await admin.explainDelivery(request, { signal });
      tell(finding);
      if (finding !== undefined && !UNDER_WAY.includes(finding.reason)) return;
    } catch (error) {
      if (signal.aborted || error instanceof CoreFailure) return;
      throw error;
    }
    await pause(LOOK_AGAIN_MS, signal);
  }
}
