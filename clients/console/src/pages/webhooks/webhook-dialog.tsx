import { t } from "@countersign/pages";
import type { Webhook } from "@countersign/proto/web/admin/v1/webhook_service";
import type { JSX } from "preact";
import { webhooks } from "../../connection/core.ts";
import { tenantId } from "../../shell/tenant.ts";
import { ConfirmStop } from "../../ui/confirm-stop.tsx";
import { ReplayDialog } from "./replay-dialog.tsx";
import { RotateDialog } from "./rotate-dialog.tsx";
import { TestDialog } from "./test-dialog.tsx";

/** What is about to be done to an endpoint. All of it at once, and no key signs it: an endpoint decides nothing. */
export type WebhookAct = "test" | "replay" | "pause" | "resume" | "rotate" | "remove";

interface WebhookDialogProps {
  readonly webhook: Webhook;
  readonly act: WebhookAct;
  readonly onClose: (done: boolean) => void;
}

/** Asks once before it is done; what the core answers to it is told in it. */
export function WebhookDialog({ webhook, act, onClose }: WebhookDialogProps): JSX.Element {
  switch (act) {
    case "test":
      return <TestDialog webhook={webhook} onClose={() => onClose(true)} />;
    case "replay":
      return <ReplayDialog webhook={webhook} onClose={() => onClose(true)} />;
    case "rotate":
      return <RotateDialog webhook={webhook} onClose={() => onClose(true)} />;
    case "pause":
    case "resume":
    case "remove":
      return (
        <ConfirmStop
          title={t(`webhooks-${act}-title`)}
          verb={t(`webhooks-${act}`)}
          loosens={act === "resume"}
          onStop={() => DO[act]({ tenantId: tenantId.value, endpointId: webhook.endpointId })}
          onClose={onClose}
        >
          <p>
            <code class="id" dir="ltr">
              {webhook.url}
            </code>
          </p>
          <p>{t(`webhooks-${act}-means`)}</p>
        </ConfirmStop>
      );
  }
}

interface Named {
  readonly tenantId: string;
  readonly endpointId: string;
}

const DO: Readonly<Record<"pause" | "resume" | "remove", (of: Named) => Promise<void>>> = {
  pause: async (of) => void (await webhooks.pause(of)),
  resume: async (of) => void (await webhooks.resume(of)),
  remove: async (of) => void (await webhooks.remove(of)),
};
