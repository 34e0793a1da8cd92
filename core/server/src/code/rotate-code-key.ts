import {
  addCodeKey,
  codeKeyNumbers,
  retireCodeKeys,
  useNewestCodeKey,
  type CodeKeyNumbers,
} from "../code-key-files.ts";
import { loadOrCreateSecrets } from "../secrets.ts";

/** What is done to K_code; `all` is `add`, then `use`: for one core, which is then started again. */
export type Rotation = "add" | "use" | "retire" | "all";

export function isRotation(text: string): text is Rotation {
  return text === "add" || text === "use" || text === "retire" || text === "all";
}

/**
 * One step of an exchange, on the disk when this returns. Cores read the folder when they start: several of them are
 * started anew one after the other between `add` and `use`. Throws SecretsError where the folder is not whole.
 */
export function rotateCodeKey(folder: string, step: Rotation): CodeKeyNumbers {
  loadOrCreateSecrets(folder, { create: false });
  if (step === "add" || step === "all") addCodeKey(folder);
  if (step === "use" || step === "all") useNewestCodeKey(folder);
  if (step === "retire") retireCodeKeys(folder);
  loadOrCreateSecrets(folder, { create: false });
  return codeKeyNumbers(folder);
}
