import { speakChosen } from "@countersign/pages";
import { render } from "preact";
import { App } from "./app.tsx";
import { BankFailure, takeUpSession } from "./bank/bank.ts";
import { loadWords } from "./i18n/words.ts";

// A page that comes back out of a browser's memory has lost its connections: it begins anew with what the tab kept.
window.addEventListener("pageshow", ({ persisted }) => persisted && location.reload());

await speakChosen(loadWords);
try {
  await takeUpSession();
} catch (error) {
  // The login says so when it is tried.
  if (!(error instanceof BankFailure)) throw error;
}
render(<App />, document.body);
