import { render } from "preact";
import { App } from "./app.tsx";
import { resumeSession } from "./connection/session.ts";
import { speakChosen } from "./i18n/words.ts";

resumeSession(sessionStorage);
await speakChosen();
render(<App />, document.body);
