import { closeSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

const SCHEMA = `
  PRAGMA user_version = 1;
  CREATE TABLE prompt (event TEXT PRIMARY KEY, room TEXT NOT NULL, buttons TEXT NOT NULL) STRICT;
  CREATE TABLE handled (room TEXT PRIMARY KEY, event TEXT NOT NULL) STRICT;
  CREATE TABLE chat (room TEXT PRIMARY KEY, peer TEXT NOT NULL, turn INTEGER NOT NULL) STRICT;
  CREATE TABLE person (peer TEXT PRIMARY KEY, identity TEXT NOT NULL) STRICT;
  CREATE TABLE write (txn TEXT PRIMARY KEY, room TEXT NOT NULL) STRICT;
`;

const PROMPTS_KEPT = 4_096;
const WRITES_KEPT = 16_384;

/**
 * What the bot has to know again after a restart, in a file of its own (0600) beside the crypto store. Rooms, event ids
 * and action references stand in it: no text, no code, no key. Every change is durable when its call returns.
 */
export class Notes {
  readonly #db: DatabaseSync;

  private constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /** Opens the file, or makes it; its folder is locked by this process. */
  static open(path: string): Notes {
    closeSync(openSync(path, "a", 0o600));
    const db = new DatabaseSync(path, { timeout: 0 });
    db.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
    const version = db.prepare("PRAGMA user_version").get()?.["user_version"];
    if (version === 0) db.exec(`BEGIN; ${SCHEMA} COMMIT;`);
    return new Notes(db);
  }

  close(): void {
    if (this.#db.isOpen) this.#db.close();
  }

  /** The buttons of a message, by the order of the symbols that press them. */
  keepButtons(event: string, room: string, buttons: readonly string[], most: number = PROMPTS_KEPT): void {
    this.#run("INSERT OR REPLACE INTO prompt (event, room, buttons) VALUES (?, ?, ?)", event, room, buttons.join("\n"));
    this.#run(
      "DELETE FROM prompt WHERE rowid <= (SELECT rowid FROM prompt ORDER BY rowid DESC LIMIT 1 OFFSET ?)",
      most,
    );
  }

  /** Empty for a message that is no prompt, or stands in another room. */
  buttons(event: string, room: string): readonly string[] {
    const row = this.#row("SELECT buttons FROM prompt WHERE event = ? AND room = ?", event, room);
    return row === undefined ? [] : String(row["buttons"]).split("\n");
  }

  /** Everything in this room up to this event is dealt with. */
  handled(room: string, event: string): void {
    this.#run("INSERT OR REPLACE INTO handled (room, event) VALUES (?, ?)", room, event);
  }

  handledUpTo(room: string): string | undefined {
    return text(this.#row("SELECT event FROM handled WHERE room = ?", room)?.["event"]);
  }

  /** The room where this person wrote last. */
  roomOf(peer: string): string | undefined {
    return text(this.#row("SELECT room FROM chat WHERE peer = ? ORDER BY turn DESC LIMIT 1", peer)?.["room"]);
  }

  /** Whose chat this room is, or was before he left. */
  peerIn(room: string): string | undefined {
    return text(this.#row("SELECT peer FROM chat WHERE room = ?", room)?.["peer"]);
  }

  /** Every room that is a chat, as far as the bot knows. */
  rooms(): readonly string[] {
    return this.#db
      .prepare("SELECT room FROM chat")
      .all()
      .map((row) => String(row["room"]));
  }

  /** This person wrote in this room, or came into it. */
  keepChat(room: string, peer: string): void {
    if (this.roomOf(peer) === room) return;
    this.#run(
      "INSERT OR REPLACE INTO chat (room, peer, turn) VALUES (?, ?, (SELECT coalesce(max(turn), 0) + 1 FROM chat))",
      room,
      peer,
    );
  }

  /** His master key as it was bound, or as it was when he wrote; "" when neither is known. */
  identityOf(peer: string): string {
    return text(this.#row("SELECT identity FROM person WHERE peer = ?", peer)?.["identity"]) ?? "";
  }

  keepIdentity(peer: string, identity: string): void {
    if (this.identityOf(peer) === identity) return;
    this.#run("INSERT OR REPLACE INTO person (peer, identity) VALUES (?, ?)", peer, identity);
  }

  forgetRoom(room: string): void {
    this.#run("DELETE FROM chat WHERE room = ?", room);
    this.#run("DELETE FROM handled WHERE room = ?", room);
  }

  /**
   * The room of a write. The first one stays: a homeserver knows a transaction id within one room only, so the same
   * message asked for again in another would be shown twice.
   */
  pin(txn: string, room: string): string {
    this.#run("INSERT OR IGNORE INTO write (txn, room) VALUES (?, ?)", txn, room);
    this.#run(
      "DELETE FROM write WHERE rowid <= (SELECT rowid FROM write ORDER BY rowid DESC LIMIT 1 OFFSET ?)",
      WRITES_KEPT,
    );
    return text(this.#row("SELECT room FROM write WHERE txn = ?", txn)?.["room"]) ?? room;
  }

  #row(sql: string, ...values: string[]): Record<string, unknown> | undefined {
    return this.#db.prepare(sql).get(...values);
  }

  #run(sql: string, ...values: (string | number)[]): void {
    this.#db.prepare(sql).run(...values);
  }
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
