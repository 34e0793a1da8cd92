import { LanguageChooser } from "@countersign/pages";
import type { ComponentChildren, JSX } from "preact";
import { useEffect } from "preact/hooks";

/** What stands before the console: a title, the language, and one thing to do. */
export function Entrance({ title, children }: { title: string; children: ComponentChildren }): JSX.Element {
  useEffect(() => {
    document.title = `${title} · Countersign`;
  }, [title]);
  return (
    <>
      <header class="top-bar">
        <strong class="brand">Countersign</strong>
        <div class="top-choices">
          <LanguageChooser />
        </div>
      </header>
      <main class="login">
        <h1>{title}</h1>
        {children}
      </main>
    </>
  );
}
