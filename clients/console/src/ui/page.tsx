import { t } from "@countersign/pages";
import type { ComponentChildren, JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { hasRight, type Right } from "../shell/right.ts";
import { me } from "../shell/me.ts";

interface PageProps {
  readonly title: string;
  /** One or two sentences on what the page is for. */
  readonly lead?: string;
  /** A right that some of its actions take: who has it not is told why they are missing. */
  readonly acts?: Right;
  readonly children: ComponentChildren;
}

/**
 * A page: its heading takes the focus when it is opened, so that it is read first. It does so before anything of the page
 * can be pressed, and not again: nobody who has gone on is brought back because a title has come or a language was chosen.
 */
export function Page({ title, lead, acts, children }: PageProps): JSX.Element {
  const heading = useRef<HTMLHeadingElement>(null);
  useLayoutEffect(() => {
    document.title = `${title} · Countersign`;
  }, [title]);
  useLayoutEffect(() => heading.current?.focus(), []);
  const role = me.value?.role;
  return (
    <>
      <hgroup class="page-head">
        <h1 tabIndex={-1} ref={heading}>
          {title}
        </h1>
        {lead !== undefined && <p>{lead}</p>}
      </hgroup>
      {acts !== undefined && !hasRight(role, acts) && <p class="note">{t(`right-missing-${acts}`)}</p>}
      {children}
    </>
  );
}
