import { type Prompt, PromptError } from "./prompt.ts";

const ABSENT = "the daemon has no prompt: start it with --pinentry PATH, or from a terminal";

/** A daemon that can ask nobody: no PIN can be given, and a code only by `Answer`. */
export const noPrompt: Prompt = {
  pin: async () => {
    throw new PromptError("absent", ABSENT);
  },
  code: async () => {
    throw new PromptError("absent", ABSENT);
  },
  confirm: async () => {
    throw new PromptError("absent", ABSENT);
  },
};
