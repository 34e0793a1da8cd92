import { setTimeout as wait } from "node:timers/promises";
import type { FakeSmtp } from "./fake-smtp.ts";
import { parseMail } from "./parse-mail.ts";
import type { SmtpFault, Stage } from "./smtp-fault.ts";
import type { Wire } from "./wire.ts";

/** Thrown where the dialogue is over. */
class Over extends Error {}

/** One client's session, in the order that RFC 5321 asks for; every step outside of it is kept as a violation. */
export class SmtpDialogue {
  readonly #fake: FakeSmtp;
  readonly #wire: Wire;
  #greeted = false;
  #signedIn = false;
  #from: string | undefined;
  #to: string[] = [];

  constructor(fake: FakeSmtp, wire: Wire) {
    this.#fake = fake;
    this.#wire = wire;
  }

  /** Resolves when the client is gone or was sent away. */
  async run(): Promise<void> {
    try {
      await this.#answer("greeting", "", "220 fake.example ESMTP");
      for (let line = await this.#wire.line(); line !== undefined; line = await this.#wire.line()) {
        this.#fake.heard(line.startsWith("AUTH") ? "AUTH" : line);
        await this.#command(line);
      }
    } catch (error) {
      if (error instanceof Over) return;
      this.#fake.violated(error instanceof Error ? error.message : "unknown");
      this.#wire.reset();
    }
  }

  async #command(line: string): Promise<void> {
    const verb: string = line.split(/[ :]/, 1)[0]?.toUpperCase() ?? "";
    switch (verb) {
      case "EHLO":
        return this.#ehlo(line);
      case "STARTTLS":
        return this.#startTls();
      case "AUTH":
        return this.#auth(line);
      case "MAIL":
        return this.#mail(line);
      case "RCPT":
        return this.#rcpt(line);
      case "DATA":
        return this.#data();
      case "RSET":
        [this.#from, this.#to] = [undefined, []];
        return this.#wire.say("250 2.0.0 Reset");
      case "QUIT":
        this.#wire.say("221 2.0.0 Bye");
        this.#wire.end();
        throw new Over();
      default:
        throw new Error("a command that no mail needs");
    }
  }

  async #ehlo(line: string): Promise<void> {
    if (!/^EHLO \S+$/.test(line)) throw new Error("EHLO without a name");
    const { tls, login, pipelining } = this.#fake.options;
    const lines = ["fake.example", "SIZE 100000", "8BITMIME", "ENHANCEDSTATUSCODES", "DSN"];
    if (pipelining) lines.push("PIPELINING");
    if (tls !== undefined && !this.#wire.secure) lines.push("STARTTLS");
    if (login !== undefined && (this.#wire.secure || tls === undefined)) lines.push("AUTH PLAIN LOGIN");
    this.#greeted = true;
    const last = lines.length - 1;
    const answer = lines.map((text, at) => `250${at === last ? " " : "-"}${text}`).join("\r\n");
    await this.#answer("EHLO", line, answer);
  }

  async #startTls(): Promise<void> {
    const { tls } = this.#fake.options;
    if (tls === undefined || this.#wire.secure) return this.#wire.say("502 5.5.1 No TLS here");
    await this.#answer("STARTTLS", "STARTTLS", "220 2.0.0 Go ahead");
    this.#greeted = false;
    return this.#wire.secureWith(tls.key, tls.cert);
  }

  async #auth(line: string): Promise<void> {
    const { login } = this.#fake.options;
    const [, given = ""] = /^AUTH PLAIN (\S+)$/.exec(line) ?? [];
    if (login === undefined || given === "") throw new Error("AUTH where none was offered");
    const [, user, password] = Buffer.from(given, "base64").toString("utf8").split("\0");
    this.#signedIn = user === login.user && password === login.password;
    const answer = this.#signedIn ? "235 2.7.0 Signed in" : `535 5.7.8 No: ${user} ${password}`;
    await this.#answer("AUTH", `${user} ${password}`, answer);
  }

  async #mail(line: string): Promise<void> {
    const match = /^MAIL FROM:<([!-~]+)>(?: (?:SIZE=\d+|RET=HDRS|BODY=7BIT))*$/.exec(line);
    if (!this.#greeted || match === null || this.#from !== undefined) throw new Error("MAIL out of order or malformed");
    const { tls, login } = this.#fake.options;
    if (tls !== undefined && !this.#wire.secure) return this.#wire.say("530 5.7.0 TLS first");
    if (login !== undefined && !this.#signedIn) return this.#wire.say("530 5.7.0 Who are you?");
    if (await this.#answer("MAIL", line, "250 2.1.0 Ok")) this.#from = match[1];
    return undefined;
  }

  async #rcpt(line: string): Promise<void> {
    const match = /^RCPT TO:<([!-~]+)>(?: NOTIFY=NEVER)?$/.exec(line);
    if (match?.[1] === undefined) throw new Error("RCPT malformed");
    if (this.#from === undefined) return this.#wire.say("503 5.5.1 MAIL first");
    const known = this.#fake.mailboxes.has(match[1]);
    const answer = known ? "250 2.1.5 Ok" : `550 5.1.1 <${match[1]}>: no such mailbox`;
    if ((await this.#answer("RCPT", line, answer)) && known) this.#to.push(match[1]);
    return undefined;
  }

  async #data(): Promise<void> {
    if (this.#to.length === 0) return this.#wire.say("503 5.5.1 No recipient");
    if (!(await this.#answer("DATA", "DATA", "354 Go on"))) return undefined;
    const lines: string[] = [];
    const wholeLines = async (): Promise<boolean> => {
      for (let line = await this.#wire.line(); line !== undefined; line = await this.#wire.line()) {
        if (line === ".") return true;
        if (lines.length === 0) this.#fake.contents.push("");
        lines.push(line.startsWith(".") ? line.slice(1) : line);
        this.#fake.contents[this.#fake.contents.length - 1] = lines.join("\r\n");
        if (lines.length === 1) await this.#answer("content", line, undefined);
      }
      return false;
    };
    if (!(await wholeLines())) throw new Over();
    await this.#end(`${lines.join("\r\n")}\r\n`);
    [this.#from, this.#to] = [undefined, []];
    return undefined;
  }

  async #end(content: string): Promise<void> {
    const mail = parseMail(Buffer.from(content, "latin1"));
    const fault = this.#fake.faults.take("end");
    if (fault === undefined || fault.taken === true || fault.kind === "slow") {
      for (const address of this.#to) this.#fake.mailboxes.get(address)?.add(mail);
    }
    this.#fake.heard("(end of data)");
    await this.#perform(fault, content, "250 2.0.0 Taken");
  }

  /** Answers as it should or as a fault says. Resolves with whether the client's step was done. */
  async #answer(stage: Stage, received: string, right: string | undefined): Promise<boolean> {
    return this.#perform(this.#fake.faults.take(stage), received, right);
  }

  async #perform(fault: SmtpFault | undefined, received: string, right: string | undefined): Promise<boolean> {
    switch (fault?.kind) {
      case undefined:
        break;
      case "answer":
        this.#wire.say(`${fault.code} ${fault.text ?? received.replaceAll(/\s+/g, " ").slice(0, 4_000)}`);
        return false;
      case "silence":
        while ((await this.#wire.line()) !== undefined);
        throw new Over();
      case "reset":
        this.#wire.reset();
        throw new Over();
      case "close":
        this.#wire.end();
        throw new Over();
      case "garbage":
        this.#wire.say("<html>A proxy's page</html>");
        return false;
      case "slow":
        await wait(fault.delayMs ?? 100);
    }
    if (right !== undefined) this.#wire.say(right);
    return right === undefined || /^[23]/.test(right);
  }
}
