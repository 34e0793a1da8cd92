import { t } from "@countersign/pages";
import type { JSX } from "preact";
import type { Way } from "../payment/payment.ts";

const PLACE = "countersign.way";
const WAYS: readonly Way[] = ["daemon", "browser"];

/** By which key this browser paid last. */
export function usualWay(): Way {
  return localStorage.getItem(PLACE) === "browser" ? "browser" : "daemon";
}

export function keepWay(way: Way): void {
  localStorage.setItem(PLACE, way);
}

/** Which key: one with a display at this PC, or a security key or passkey of the browser. */
export function WayChoice({ way, onWay }: { way: Way; onWay: (way: Way) => void }): JSX.Element {
  return (
    <fieldset class="ways">
      <legend>{t("way")}</legend>
      {WAYS.map((each) => (
        <label key={each}>
          <input type="radio" name="way" value={each} checked={each === way} onChange={() => onWay(each)} />
          <span>
            {t(`way-${each}`)} <small>{t(`way-${each}-hint`)}</small>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
