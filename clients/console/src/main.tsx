import { speakChosen } from "@countersign/pages";
import { render } from "preact";
import { App } from "./app.tsx";
import { resumeSession } from "./connection/session.ts";
import { loadWords } from "./i18n/words.ts";

resumeSession(sessionStorage);
await speakChosen(loadWords);
render(<App />, document.body);
