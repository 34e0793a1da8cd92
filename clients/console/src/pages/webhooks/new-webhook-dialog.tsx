import { t } from "@countersign/pages";
import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import { webhooks } from "../../connection/core.ts";
import { tenantId } from "../../shell/tenant.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { FailureNote } from "../../ui/failure-note.tsx";
import { TextField } from "../../ui/field.tsx";
import { useAction } from "../../ui/use-action.ts";
import { EVENT_TYPES } from "./event-types.ts";
import { SecretTold } from "./secret-told.tsx";

const LONGEST_DESCRIPTION = 200;

/** One more endpoint, which is told from now on. */
export function NewWebhookDialog({ onClose }: { onClose: () => void }): JSX.Element {
  const [url, setUrl] = useState("");
  const [description, setDescription] = useState("");
  const [events, setEvents] = useState<readonly string[]>([]);
  const [secret, setSecret] = useState<string | undefined>(undefined);
  const { busy, failure, run } = useAction();
  // A call that is repeated makes no second one; another endpoint is another request.
  const requestId = useMemo(() => crypto.randomUUID(), [url, description, events]);
  const add = (event: SubmitEvent): void => {
    event.preventDefault();
    const request = { tenantId: tenantId.value, requestId, url: url.trim(), events: [...events], description };
    void run(async () => setSecret((await webhooks.create(request)).secret));
  };
  return (
    <Dialog title={t("webhooks-new")} busy={busy} onClose={onClose}>
      {secret !== undefined ? (
        <SecretTold secret={secret} onClose={onClose}>
          {t("webhooks-added")}
        </SecretTold>
      ) : (
        <form onSubmit={add} autoComplete="off">
          <TextField label={t("webhooks-new-url")} value={url} onInput={setUrl} />
          <TextField
            label={t("webhooks-new-for")}
            value={description}
            maxLength={LONGEST_DESCRIPTION}
            optional
            onInput={setDescription}
          />
          <EventChoice chosen={events} onChange={setEvents} />
          <p>{t("webhooks-new-means")}</p>
          {failure !== undefined && <FailureNote failure={failure} />}
          <footer>
            <button type="button" class="secondary" disabled={busy} onClick={onClose}>
              {t("cancel")}
            </button>
            <button type="submit" aria-busy={busy} disabled={busy}>
              {t("webhooks-add")}
            </button>
          </footer>
        </form>
      )}
    </Dialog>
  );
}

interface EventChoiceProps {
  readonly chosen: readonly string[];
  readonly onChange: (chosen: readonly string[]) => void;
}

/** None: all, also those that a later core has. */
function EventChoice({ chosen, onChange }: EventChoiceProps): JSX.Element {
  const set = (type: string, isOn: boolean): void =>
    onChange(EVENT_TYPES.filter((each) => (each === type ? isOn : chosen.includes(each))));
  return (
    <fieldset class="events">
      <legend>{t("webhooks-new-events")}</legend>
      {EVENT_TYPES.map((type) => (
        <label key={type}>
          <input
            type="checkbox"
            checked={chosen.includes(type)}
            onChange={({ currentTarget }) => set(type, currentTarget.checked)}
          />
          <code dir="ltr">{type}</code>
        </label>
      ))}
    </fieldset>
  );
}
