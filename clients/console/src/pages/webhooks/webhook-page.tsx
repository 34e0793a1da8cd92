import { t } from "@countersign/pages";
import type { Webhook } from "@countersign/proto/web/admin/v1/webhook_service";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { webhooks } from "../../connection/core.ts";
import type { Right } from "../../shell/right.ts";
import { formatRoute, parseRoute } from "../../shell/route.ts";
import { go } from "../../shell/router.ts";
import { tenantId } from "../../shell/tenant.ts";
import { Allowed } from "../../ui/allowed.tsx";
import { FailureNote } from "../../ui/failure-note.tsx";
import { Page } from "../../ui/page.tsx";
import { TimeText } from "../../ui/time-text.tsx";
import { useLoad } from "../../ui/use-load.ts";
import { useLookAgain } from "../../ui/use-look-again.ts";
import { CopyId } from "../state/copy-id.tsx";
import { Facts } from "../state/facts.tsx";
import { useVersion } from "../../ui/use-version.ts";
import { MessageTable } from "./message-table.tsx";
import { type WebhookAct, WebhookDialog } from "./webhook-dialog.tsx";
import { countText, WebhookState } from "./webhook-state.tsx";

const LOOK_AGAIN_MS = 5_000;

/** One endpoint: how it stands, what can be done to it, what became of its messages. */
export function WebhookPage({ endpointId }: { endpointId: string }): JSX.Element {
  const [version, raise] = useVersion();
  const load = async (signal: AbortSignal): Promise<{ readonly webhook: Webhook | undefined }> => {
    const { webhooks: listed } = await webhooks.list({ tenantId: tenantId.value }, { signal });
    return { webhook: listed.find((each) => each.endpointId === endpointId) };
  };
  const { value, failure, loading, reload } = useLoad(load, endpointId, version);
  useLookAgain(reload, LOOK_AGAIN_MS, loading);
  return (
    <Page title={t("webhooks-one")} acts="stop">
      <p>
        <a href={formatRoute({ page: "webhooks" })}>{t("page-back")}</a>
      </p>
      {failure !== undefined && <FailureNote failure={failure} onRetry={reload} />}
      {value === undefined && failure === undefined && <p aria-busy="true">{t("loading")}</p>}
      {value !== undefined && value.webhook === undefined && <p class="note">{t("webhooks-none-such")}</p>}
      {value?.webhook !== undefined && (
        <>
          <Standing webhook={value.webhook} onChanged={raise} />
          <MessageTable webhook={value.webhook} version={version} onChanged={raise} />
        </>
      )}
    </Page>
  );
}

const ACTS: readonly {
  readonly act: WebhookAct;
  readonly right: Right;
  readonly danger?: boolean;
  readonly when?: (webhook: Webhook) => boolean;
}[] = [
  { act: "test", right: "stop", when: ({ paused }) => !paused },
  { act: "replay", right: "stop" },
  { act: "pause", right: "stop", danger: true, when: ({ paused }) => !paused },
  { act: "resume", right: "change", when: ({ paused }) => paused },
  { act: "rotate", right: "change" },
  { act: "remove", right: "change", danger: true },
];

function Standing({ webhook, onChanged }: { webhook: Webhook; onChanged: () => void }): JSX.Element {
  const [asked, setAsked] = useState<WebhookAct | undefined>(undefined);
  const close = (done: boolean): void => {
    setAsked(undefined);
    if (done && asked === "remove") go(parseRoute("#/webhooks"));
    else onChanged();
  };
  return (
    <>
      <Facts facts={factsOf(webhook)} />
      <div class="page-actions">
        {ACTS.filter(({ when }) => when?.(webhook) ?? true).map(({ act, right, danger }) => (
          <Allowed key={act} to={right}>
            <button type="button" class={danger === true ? "danger" : "secondary"} onClick={() => setAsked(act)}>
              {t(`webhooks-${act}`)}
            </button>
          </Allowed>
        ))}
      </div>
      {asked !== undefined && <WebhookDialog webhook={webhook} act={asked} onClose={close} />}
    </>
  );
}

function factsOf(webhook: Webhook): Parameters<typeof Facts>[0]["facts"] {
  const { url, endpointId, events, description, createdAt, waiting, dead, generation, previousUntil } = webhook;
  return [
    [
      t("webhooks-url"),
      <code class="id" dir="ltr">
        {url}
      </code>,
    ],
    [t("page-state"), <WebhookState webhook={webhook} />],
    [t("webhooks-for"), description],
    [t("webhooks-events"), events.length === 0 ? t("webhooks-all-events") : <Names of={events} />],
    [t("webhooks-waiting"), countText(waiting)],
    [t("webhooks-dead"), countText(dead)],
    [
      t("webhooks-secret"),
      <span class="stacked">
        {t("webhooks-generation", { number: generation })}
        {previousUntil !== undefined && (
          <small>
            {t("webhooks-previous")} <TimeText at={previousUntil} />
          </small>
        )}
      </span>,
    ],
    [t("page-created"), <TimeText at={createdAt} />],
    [t("webhooks-id"), <CopyId id={endpointId} name={t("webhooks-id")} />],
  ];
}

function Names({ of }: { of: readonly string[] }): JSX.Element {
  return (
    <span class="stacked">
      {of.map((name) => (
        <code key={name} dir="ltr">
          {name}
        </code>
      ))}
    </span>
  );
}
