import type { JSX } from "preact";
import { t } from "../i18n/words.ts";
import { daemonPort, setDaemonPort } from "./daemon-place.ts";

/** Which port the daemon of this PC listens on. */
export function DaemonPort({ onChanged }: { onChanged: () => void }): JSX.Element {
  const change = (event: Event): void => {
    const { value } = event.currentTarget as HTMLInputElement;
    const port = Number(value);
    if (!Number.isInteger(port) || port < 1 || port > 65_535) return;
    setDaemonPort(port);
    onChanged();
  };
  return (
    <label class="port">
      {t("key-daemon-port")}
      <input type="number" min="1" max="65535" defaultValue={String(daemonPort())} onChange={change} />
    </label>
  );
}
