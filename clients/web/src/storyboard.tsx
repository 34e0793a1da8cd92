import { t } from "@countersign/pages";
import type { JSX } from "preact";

const STEPS = [1, 2, 3, 4] as const;
export type StoryStep = (typeof STEPS)[number];

/** 1 Details, 2 Key, 3 Phone, 4 Result, and which of them it is. Words say so, too. */
export function Storyboard({ step }: { step: StoryStep }): JSX.Element {
  return (
    <ol class="story" aria-label={t("story")}>
      {STEPS.map((each) => (
        <li key={each} aria-current={each === step ? "step" : undefined} class={each < step ? "story-done" : ""}>
          <span class="story-number" aria-hidden="true">
            {each < step ? "✔" : each}
          </span>
          <span>
            {t(`story-${each}`)}
            {each < step && <span class="heard-only"> {t("story-done")}</span>}
          </span>
        </li>
      ))}
    </ol>
  );
}
