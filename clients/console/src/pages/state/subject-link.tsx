import type { JSX } from "preact";
import { formatRoute, type PageName } from "../../shell/route.ts";

const PAGE_OF: Readonly<Record<string, PageName>> = { user: "users", transaction: "transactions", change: "changes" };

/** What something happened to, with a link to its page where there is one. */
export function SubjectLink({ subject }: { subject: string }): JSX.Element {
  const at = subject.indexOf(":");
  const page = PAGE_OF[subject.slice(0, at)];
  if (page === undefined) return <span dir="auto">{subject}</span>;
  return (
    <a href={formatRoute({ page, rest: subject.slice(at + 1) })} dir="auto">
      {subject}
    </a>
  );
}
