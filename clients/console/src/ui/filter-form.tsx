import { t } from "@countersign/pages";
import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { route, setQuery } from "../shell/router.ts";

/** A filter; its value stands in the page's address under `name`. */
export type Filter =
  | { readonly name: string; readonly label: string; readonly type: "text" }
  | { readonly name: string; readonly label: string; readonly type: "date" }
  | {
      readonly name: string;
      readonly label: string;
      readonly type: "select";
      /** Values with their words; the first, "", is for all. */
      readonly options: readonly { readonly value: string; readonly words: string }[];
    };

/** Filters of a list. They are applied together and kept in the address, so that back, reload and a link keep them. */
export function FilterForm({ filters }: { filters: readonly Filter[] }): JSX.Element {
  const { query } = route.value;
  const shown = useRef<HTMLFormElement>(null);
  // The address may have come from elsewhere. The fields stay the same ones: who applied a filter from one is still in it.
  useLayoutEffect(() => {
    for (const { name } of filters) {
      const field = shown.current?.elements.namedItem(name) as HTMLInputElement | HTMLSelectElement | null | undefined;
      if (field !== null && field !== undefined) field.value = query[name] ?? "";
    }
  }, [JSON.stringify(query)]);
  const apply = (event: SubmitEvent): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    setQuery(Object.fromEntries(filters.map(({ name }) => [name, textOf(form.get(name))])));
  };
  const clear = (): void => setQuery(Object.fromEntries(filters.map(({ name }) => [name, ""])));
  const some = filters.some(({ name }) => (query[name] ?? "") !== "");
  return (
    <form class="filters" role="search" aria-label={t("filters")} onSubmit={apply} ref={shown}>
      {filters.map((filter) => (
        <Field key={filter.name} filter={filter} value={query[filter.name] ?? ""} />
      ))}
      <div class="filter-buttons">
        <button type="submit" class="secondary">
          {t("apply")}
        </button>
        {some && (
          <button type="button" class="secondary outline" onClick={clear}>
            {t("clear")}
          </button>
        )}
      </div>
    </form>
  );
}

function textOf(entry: FormDataEntryValue | null): string {
  return typeof entry === "string" ? entry.trim() : "";
}

function Field({ filter, value }: { filter: Filter; value: string }): JSX.Element {
  const { name, label } = filter;
  if (filter.type === "text") {
    return (
      <label>
        {label}
        <input name={name} type="text" defaultValue={value} dir="auto" autoComplete="off" spellcheck={false} />
      </label>
    );
  }
  if (filter.type === "date") {
    return (
      <label>
        {label}
        <input name={name} type="date" defaultValue={value} />
      </label>
    );
  }
  return (
    <label>
      {label}
      <select name={name}>
        {filter.options.map((option) => (
          <option key={option.value} value={option.value} selected={option.value === value}>
            {option.words}
          </option>
        ))}
      </select>
    </label>
  );
}
