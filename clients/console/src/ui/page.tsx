import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { hasRight, type Right } from "../shell/right.ts";
import { me } from "../shell/me.ts";
import { t } from "../i18n/words.ts";

interface PageProps {
  readonly title: string;
  /** One or two sentences on what the page is for. */
  readonly lead?: string;
  /** A right that some of its actions take: who has it not is told why they are missing. */
  readonly acts?: Right;
  readonly children: ComponentChildren;
}

/** A page: its heading takes the focus when it is opened, so that it is read first. */
export function Page({ title, lead, acts, children }: PageProps): JSX.Element {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Countersign`;
    heading.current?.focus();
  }, [title]);
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
