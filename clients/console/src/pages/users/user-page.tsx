import { t } from "@countersign/pages";
import { type User, UserState } from "@countersign/proto/web/core/v1/user_service";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Right } from "../../shell/right.ts";
import { formatRoute } from "../../shell/route.ts";
import { tenantId } from "../../shell/tenant.ts";
import { Allowed } from "../../ui/allowed.tsx";
import { FailureNote } from "../../ui/failure-note.tsx";
import { Page } from "../../ui/page.tsx";
import { StateBadge } from "../../ui/state-badge.tsx";
import { TimeText } from "../../ui/time-text.tsx";
import { useLoad } from "../../ui/use-load.ts";
import { Facts } from "../state/facts.tsx";
import { toneOfUser } from "../state/state-words.ts";
import { useVersion } from "../../ui/use-version.ts";
import { findUser } from "./find-user.ts";
import { KeyTable } from "./key-table.tsx";
import { LinkTable } from "./link-table.tsx";
import { type UserAct, UserDialog } from "./user-dialog.tsx";

/** One user: where he stands, his keys, his chats. */
export function UserPage({ userId }: { userId: string }): JSX.Element {
  const [version, raise] = useVersion();
  const load = (signal: AbortSignal): Promise<{ user: User | undefined }> =>
    findUser(tenantId.value, userId, signal).then((user) => ({ user }));
  const { value, failure, reload } = useLoad(load, userId);
  const changed = (): void => {
    raise();
    reload();
  };
  return (
    <Page title={userId} acts="stop">
      <p>
        <a href={formatRoute({ page: "users" })}>{t("page-back")}</a>
      </p>
      {failure !== undefined && <FailureNote failure={failure} onRetry={reload} />}
      {value === undefined && failure === undefined && <p aria-busy="true">{t("loading")}</p>}
      {value !== undefined && value.user === undefined && <p class="note">{t("users-none-such")}</p>}
      {value?.user !== undefined && (
        <>
          <Standing user={value.user} onChanged={changed} />
          <KeyTable userId={userId} version={version} onChanged={raise} />
          <LinkTable userId={userId} version={version} onChanged={raise} />
        </>
      )}
    </Page>
  );
}

const ACTS: readonly {
  readonly act: UserAct;
  readonly right: Right;
  readonly danger?: boolean;
  readonly when: (state: UserState) => boolean;
}[] = [
  { act: "freeze", right: "stop", danger: true, when: (state) => state === UserState.ACTIVE },
  { act: "suspend", right: "stop", danger: true, when: (state) => state !== UserState.SUSPENDED },
  { act: "resume", right: "change", when: (state) => state === UserState.SUSPENDED },
  { act: "thaw", right: "change", when: (state) => state === UserState.FROZEN || state === UserState.BLOCKED },
  { act: "invite", right: "change", when: () => true },
];

function Standing({ user, onChanged }: { user: User; onChanged: () => void }): JSX.Element {
  const { userId, state, locale, createdAt } = user;
  const [asked, setAsked] = useState<UserAct | undefined>(undefined);
  return (
    <>
      <Facts
        facts={[
          [t("page-state"), <StateBadge tone={toneOfUser(state)}>{t(`user-state-${state}`)}</StateBadge>],
          [t("users-locale"), locale],
          [t("page-created"), createdAt && <TimeText at={createdAt} />],
        ]}
      />
      <p class="links">
        <a href={formatRoute({ page: "deliveries", rest: "why", query: { user: userId } })}>{t("page-why")}</a>
        <a href={formatRoute({ page: "transactions", query: { user: userId } })}>{t("users-transactions")}</a>
        <a href={formatRoute({ page: "audit", query: { subject: `user:${userId}` } })}>{t("users-audit")}</a>
      </p>
      <div class="page-actions">
        {ACTS.filter(({ when }) => when(state)).map(({ act, right, danger }) => (
          <Allowed key={act} to={right}>
            <button type="button" class={danger === true ? "danger" : "secondary"} onClick={() => setAsked(act)}>
              {t(`users-${act}`)}
            </button>
          </Allowed>
        ))}
      </div>
      {asked !== undefined && (
        <UserDialog
          userId={userId}
          act={asked}
          onClose={() => {
            setAsked(undefined);
            onChanged();
          }}
        />
      )}
    </>
  );
}
