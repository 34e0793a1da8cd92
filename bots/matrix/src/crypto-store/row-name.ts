import { createHash } from "node:crypto";
import { keyFromText, keyText, type DbKey } from "./indexed-db.ts";

/** What a value in the sealed file is: something the session keeps, the shape of a database, or a row of one. */
export type RowName =
  | { readonly kind: "kept"; readonly name: string }
  | { readonly kind: "shape"; readonly database: string }
  | { readonly kind: "row"; readonly database: string; readonly store: string; readonly key: DbKey };

/** The name in the file, as JSON: ["kept", name], ["shape", database] or ["row", database, store, text of the key]. */
export function writeName(name: RowName): string {
  switch (name.kind) {
    case "kept":
      return JSON.stringify(["kept", name.name]);
    case "shape":
      return JSON.stringify(["shape", name.database]);
    case "row":
      return JSON.stringify(["row", name.database, name.store, keyText(name.key)]);
  }
}

/** The inverse of `writeName`. What is read was sealed by us. */
export function readName(text: string): RowName {
  const [kind, first, store, key] = JSON.parse(text) as [RowName["kind"], string, string, string];
  switch (kind) {
    case "kept":
      return { kind, name: first };
    case "shape":
      return { kind, database: first };
    case "row":
      return { kind, database: first, store, key: keyFromText(key) };
  }
}

/** Short enough to keep one for every row, long enough that two values never share one. */
export function digestOf(value: Uint8Array): string {
  return createHash("sha256").update(value).digest("base64");
}
