import type { JSX } from "preact";

interface TextFieldProps {
  readonly label: string;
  readonly value: string;
  /** What the browser lets through; the core decides. */
  readonly pattern?: string;
  readonly maxLength?: number;
  readonly optional?: boolean;
  readonly onInput: (value: string) => void;
}

/** A line of text. */
export function TextField({ label, value, pattern, maxLength, optional, onInput }: TextFieldProps): JSX.Element {
  return (
    <label>
      {label}
      <input
        type="text"
        required={optional !== true}
        dir="auto"
        autoComplete="off"
        spellcheck={false}
        value={value}
        pattern={pattern}
        maxLength={maxLength}
        onInput={({ currentTarget }) => onInput(currentTarget.value)}
      />
    </label>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly value: string;
  /** Values with their words. */
  readonly options: readonly (readonly [value: string, words: string])[];
  readonly onInput: (value: string) => void;
}

/** One of several. */
export function Choice({ label, value, options, onInput }: ChoiceProps): JSX.Element {
  return (
    <label>
      {label}
      <select value={value} onChange={({ currentTarget }) => onInput(currentTarget.value)}>
        {options.map(([each, words]) => (
          <option key={each} value={each} selected={each === value}>
            {words}
          </option>
        ))}
      </select>
    </label>
  );
}
