import { t } from "@countersign/pages";
import type { JSX } from "preact";
import { formatRoute, PAGES } from "./route.ts";
import { route } from "./router.ts";

/** Where one may go. The page that is shown is named as such to those who hear it, too. */
export function Navigation(): JSX.Element {
  const { page } = route.value;
  return (
    <nav class="pages" aria-label={t("nav")}>
      <ul>
        {PAGES.filter((name) => name !== "me").map((name) => (
          <li key={name}>
            <a href={formatRoute({ page: name })} aria-current={name === page ? "page" : undefined}>
              {t(`nav-${name}`)}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}
