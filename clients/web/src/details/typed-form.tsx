import { findWords, t } from "@countersign/pages";
import { currencies } from "@countersign/protocol";
import type { JSX } from "preact";
import { useId } from "preact/hooks";
import type { Faults, Typed, TypedName } from "./typed-order.ts";

interface TypedFormProps {
  readonly typed: Typed;
  readonly faults: Faults;
  readonly onTyped: (typed: Typed) => void;
}

/** The form of a payment. What is wrong is told beside the field that it was typed into. */
export function TypedForm({ typed, faults, onTyped }: TypedFormProps): JSX.Element {
  const field = (name: TypedName, more: JSX.IntrinsicElements["input"] = {}): JSX.Element => (
    <TypedField name={name} fault={faults[name]}>
      {(described) => (
        <input
          {...more}
          {...{ name, value: typed[name], autoComplete: "off", dir: "auto", "aria-describedby": described }}
          aria-invalid={faults[name] === undefined ? undefined : true}
          onInput={({ currentTarget }) => onTyped({ ...typed, [name]: currentTarget.value })}
        />
      )}
    </TypedField>
  );
  return (
    <>
      {field("payee")}
      {field("account", { spellcheck: false })}
      <div class="amount">
        {field("amount", { inputMode: "decimal" })}
        <label>
          {t("typed-currency")}
          <select
            name="currency"
            onChange={({ currentTarget }) => onTyped({ ...typed, currency: currentTarget.value })}
          >
            {USUAL.map((each) => (
              <option key={each} value={each} selected={each === typed.currency}>
                {each}
              </option>
            ))}
          </select>
        </label>
      </div>
      {field("reference")}
    </>
  );
}

/** The usual ones first, then every other one that has minor units. */
const FIRST = ["EUR", "USD", "GBP", "CHF", "CNY", "JPY"];
const USUAL: readonly string[] = [...FIRST, ...[...currencies()].filter((each) => !FIRST.includes(each)).toSorted()];

interface TypedFieldProps {
  readonly name: TypedName;
  readonly fault: string | undefined;
  readonly children: (described: string) => JSX.Element;
}

function TypedField({ name, fault, children }: TypedFieldProps): JSX.Element {
  const described = useId();
  const hint = findWords(`typed-${name}-hint`);
  return (
    <div class="field">
      <label>
        {t(`typed-${name}`)}
        {children(described)}
      </label>
      <small id={described} class={fault === undefined ? "" : "fault"}>
        {fault === undefined ? (
          hint
        ) : (
          <>
            {t(`typed-${name}-wrong`)}{" "}
            <span lang="en" dir="ltr">
              ({fault})
            </span>
          </>
        )}
      </small>
    </div>
  );
}
