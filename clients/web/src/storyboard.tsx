import { t } from "@countersign/pages";
import type { JSX } from "preact";

const STEPS = [1, 2, 3, 4] as const;
type StoryStep = (typeof STEPS)[number];

interface StoryboardProps {
  readonly step: StoryStep;
  /** The last one that is done. */
  readonly done: number;
}

/** 1 Details, 2 Key, 3 Phone, 4 Result, which of them it is, and which are done. Words say so, too. */
export function Storyboard({ step, done }: StoryboardProps): JSX.Element {
  return (
    <ol class="story" aria-label={t("story")}>
      {STEPS.map((each) => (
        <li key={each} aria-current={each === step ? "step" : undefined} class={each <= done ? "story-done" : ""}>
          <span class="story-number" aria-hidden="true">
            {each <= done ? "✔" : each}
          </span>
          <span>
            {t(`story-${each}`)}
            {each <= done && <span class="heard-only"> {t("story-done")}</span>}
          </span>
        </li>
      ))}
    </ol>
  );
}
