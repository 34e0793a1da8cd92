import { lstatSync, openSync, readdirSync, readSync, closeSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { bad, fine, type Finding } from "./finding.ts";

const SECRETS = ["server-id", "code.key", "store.key", "token.key", "signing-key.pem"] as const;
const DATABASE = "countersign.db";
const LEAST_FREE = 1024 ** 3;

/** A core's secrets: there, and readable by their owner alone. */
export function secretsFindings(folder: string): Finding[] {
  const missing = unless(() => SECRETS.filter((name) => !readdirSync(folder).includes(name)));
  if (missing === undefined) {
    return [
      bad(
        `secrets ${folder}: cannot be read by this user`,
        "run doctor as the core's user, or name the folder by --secrets",
      ),
    ];
  }
  const open = readdirSync(folder).filter((name) => isOpen(join(folder, name)));
  return [
    missing.length === 0
      ? fine(`secrets ${folder}: complete`)
      : bad(
          `secrets ${folder}: ${missing.join(", ")} missing`,
          "bring them back from the backup of the secrets; without them nothing that is stored is believed",
        ),
    isOpen(folder)
      ? bad(`secrets ${folder}: other users may look into it`, `chmod 700 ${folder}`)
      : fine(`secrets ${folder}: its owner's alone`),
    ...open.map((name) => bad(`${join(folder, name)}: other users may read it`, `chmod 600 ${join(folder, name)}`)),
  ];
}

/** The embedded store: its folder, its journal, room to write. */
export function dataFindings(folder: string, secrets: string | undefined): Finding[] {
  const journal = unless(() => journalOf(join(folder, DATABASE)));
  if (journal === undefined) {
    const fix = "name the folder by --data, and run doctor as the core's user; a core over Redis has none";
    return [bad(`data ${folder}: holds no store that this user can read`, fix)];
  }
  const { bavail, bsize, blocks } = statfsSync(folder);
  const [free, part] = [bavail * bsize, blocks === 0 ? 1 : bavail / blocks];
  const room = `${(free / 1024 ** 3).toFixed(1)} GiB free`;
  return [
    isOpen(folder)
      ? bad(`data ${folder}: other users may look into it`, `chmod 700 ${folder}`)
      : fine(`data ${folder}: its owner's alone`),
    journal === "wal"
      ? fine("store: write-ahead log; a core opens it with synchronous=FULL or not at all")
      : bad("store: no write-ahead log", "stop the core, bring the store back from a backup, start the core"),
    free >= LEAST_FREE && part >= 0.05
      ? fine(`data ${folder}: ${room}`)
      : bad(`data ${folder}: ${room}`, "make room before the core has to refuse what it cannot write"),
    ...(secrets !== undefined && `${secrets}/`.startsWith(`${folder}/`)
      ? [bad("the secrets lie inside the data", "move them out: whoever gets a backup of the data would get both")]
      : []),
  ];
}

/** Bytes 18 and 19 of an SQLite file are 2 in this mode; it is not opened, because it is the core's. */
function journalOf(database: string): "wal" | "other" {
  const file = openSync(database, "r");
  try {
    const head = Buffer.alloc(20);
    readSync(file, head, 0, head.length, 0);
    return head[18] === 2 && head[19] === 2 ? "wal" : "other";
  } finally {
    closeSync(file);
  }
}

function isOpen(path: string): boolean {
  return (lstatSync(path).mode & 0o077) !== 0;
}

function unless<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
