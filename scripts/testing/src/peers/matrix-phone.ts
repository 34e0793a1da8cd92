import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { createInterface } from "node:readline";

const PYTHON = "/usr/bin/python3";
const SCRIPT = fileURLToPath(new URL("./matrix-phone.py", import.meta.url));

/** Whether `scripts/install-peers matrix-nio` has run. */
export const matrixPhonePresent: boolean = hasNio();

function hasNio(): boolean {
  try {
    execFileSync(PYTHON, ["-c", "import nio, olm"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** A message of a room as the phone could read it. */
export interface PhoneMessage {
  readonly room: string;
  readonly event: string;
  readonly sender: string;
  /** When the homeserver had it, milliseconds since 1970. */
  readonly ts: number;
  /** False: it came in the clear. */
  readonly encrypted: boolean;
  readonly body: string;
  /** HTML, or empty. */
  readonly formatted: string;
  readonly msgtype: string;
  readonly content: Record<string, unknown>;
}

interface PhoneGiven {
  /** Of the homeserver. */
  readonly url: string;
  /** `@name:server`. */
  readonly userId: string;
  readonly password: string;
  /** Device, keys and sync token are kept here: the same folder is the same phone. */
  readonly folder: string;
}

type Told = Readonly<Record<string, unknown>> & { readonly tells?: string; readonly reply?: number };

/** The user's phone: matrix-nio in a process of its own, which joins what it is invited to and tells what it reads. */
export class MatrixPhone {
  readonly userId: string;
  /** Every message in order of arrival, its own ones too. */
  readonly messages: PhoneMessage[] = [];
  /** Event ids that were redacted. */
  readonly redacted: Set<string> = new Set<string>();
  /** Event ids that came and could not be decrypted then. */
  readonly undecryptable: string[] = [];
  /** Rooms it was invited to, in order. */
  readonly invited: string[] = [];
  /** `room user membership`, in order. */
  readonly members: string[] = [];
  /** Of its device. */
  deviceId = "";
  accessToken = "";
  readonly #marks = new Set<string>();
  #url = "";
  #password = "";
  #child: ChildProcess | undefined;
  #complaints = "";
  #asked = 0;
  #watchers: (() => void)[] = [];
  readonly #replies = new Map<number, PromiseWithResolvers<Told>>();

  private constructor(userId: string) {
    this.userId = userId;
  }

  /** Logs in (or goes on with the device in the folder) and resolves once it syncs. */
  static async start(given: PhoneGiven): Promise<MatrixPhone> {
    const phone = new MatrixPhone(given.userId);
    phone.#url = given.url;
    phone.#password = given.password;
    const child = spawn(PYTHON, [SCRIPT], { stdio: ["pipe", "pipe", "pipe"] });
    phone.#child = child;
    child.stderr.setEncoding("utf8").on("data", (text: string) => (phone.#complaints += text));
    child.stdin.on("error", () => undefined);
    const ready = Promise.withResolvers<void>();
    createInterface({ input: child.stdout }).on("line", (line) => {
      const told = JSON.parse(line) as Told;
      phone.#told(told);
      if (told.tells === "synced") ready.resolve();
    });
    child.once("exit", (code) => {
      const error = new Error(`the phone ended with ${code}:\n${phone.#complaints}`);
      ready.reject(error);
      for (const reply of phone.#replies.values()) reply.reject(error);
    });
    const { url, userId: user, password, folder } = given;
    child.stdin.write(`${JSON.stringify({ url, user, password, folder })}\n`);
    await ready.promise;
    return phone;
  }

  get url(): string {
    return this.#url;
  }

  get password(): string {
    return this.#password;
  }

  /** Messages of others that are neither redacted nor replaced, with replacements in their place: what the person sees. */
  seen(room?: string): readonly PhoneMessage[] {
    const shown = new Map<string, PhoneMessage>();
    for (const message of this.messages) {
      if (message.sender === this.userId || (room !== undefined && message.room !== room)) continue;
      const relation = message.content["m.relates_to"] as { rel_type?: string; event_id?: string } | undefined;
      const replaced = relation?.rel_type === "m.replace" ? relation.event_id : undefined;
      if (this.redacted.has(message.event)) continue;
      const target = replaced ?? message.event;
      if (replaced !== undefined && !shown.has(replaced)) continue;
      const content = (replaced === undefined ? undefined : message.content["m.new_content"]) as
        { body?: string; formatted_body?: string } | undefined;
      const fresh = content === undefined ? {} : { body: content.body ?? "", formatted: content.formatted_body ?? "" };
      if (!this.redacted.has(target)) shown.set(target, { ...message, ...fresh, event: target });
    }
    return [...shown.values()];
  }

  /** Resolves when `holds` does; looks again after everything the phone tells. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#watchers.push(resolve);
      await promise;
    }
  }

  /** Makes a room, encrypted and with equal rights unless told otherwise, and invites these users. Resolves with its id. */
  async makeRoom(
    invite: readonly string[],
    options: { readonly encrypted?: boolean; readonly trusted?: boolean } = {},
  ): Promise<string> {
    return String((await this.#ask("room", { invite, ...options }))["room"]);
  }

  async invite(room: string, user: string): Promise<void> {
    await this.#ask("invite", { room, user });
  }

  async leave(room: string): Promise<void> {
    await this.#ask("leave", { room });
  }

  async kick(room: string, user: string): Promise<void> {
    await this.#ask("kick", { room, user });
  }

  /** Sends a text, encrypted. Resolves with the event id. */
  async say(room: string, body: string, more: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const content = { msgtype: "m.text", body, ...more };
    return String((await this.#ask("send", { room, content }))["event"]);
  }

  /** Sends a text in the clear. */
  async sayInTheClear(room: string, body: string): Promise<string> {
    return String((await this.#ask("plain", { room, content: { msgtype: "m.text", body } }))["event"]);
  }

  /** Reacts to a message; reactions are never encrypted. */
  async react(room: string, event: string, key: string): Promise<string> {
    const content = { "m.relates_to": { rel_type: "m.annotation", event_id: event, key } };
    return String((await this.#ask("plain", { room, type: "m.reaction", content }))["event"]);
  }

  async redact(room: string, event: string): Promise<void> {
    await this.#ask("redact", { room, event });
  }

  /** Resolves once the phone has met everything that the homeserver had in this room before. */
  async catchUp(room: string): Promise<void> {
    const { event } = await this.#ask("plain", { room, type: "test.mark", content: {} });
    await this.until(() => this.#marks.has(String(event)));
  }

  /** Whether it joins what it is invited to from now on. */
  async setJoins(value: boolean): Promise<void> {
    await this.#ask("joins", { value });
  }

  /** Ends it; the folder stays. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
  }

  async #ask(what: string, more: object): Promise<Told> {
    const id = (this.#asked += 1);
    const reply = Promise.withResolvers<Told>();
    this.#replies.set(id, reply);
    this.#child?.stdin?.write(`${JSON.stringify({ id, do: what, ...more })}\n`);
    const told = await reply.promise;
    if (typeof told["error"] === "string") throw new Error(`the phone could not ${what}: ${told["error"]}`);
    return told;
  }

  #told(told: Told): void {
    if (told.reply !== undefined) {
      this.#replies.get(told.reply)?.resolve(told);
      this.#replies.delete(told.reply);
    }
    const event = String(told["event"]);
    switch (told.tells ?? "reply") {
      case "ready":
        this.deviceId = String(told["device"]);
        this.accessToken = String(told["token"]);
        break;
      case "message":
        this.messages.push(told as unknown as PhoneMessage);
        break;
      case "mark":
        this.#marks.add(event);
        break;
      case "redaction":
        this.redacted.add(event);
        break;
      case "undecryptable":
        this.undecryptable.push(event);
        break;
      case "invited":
        this.invited.push(String(told["room"]));
        break;
      case "member":
        this.members.push([told["room"], told["user"], told["membership"]].join(" "));
        break;
      default:
    }
    for (const watcher of this.#watchers.splice(0)) watcher();
  }
}
