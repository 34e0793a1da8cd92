import { randomInt } from "node:crypto";
import { KeyInHand } from "../person/key-in-hand.ts";
import type { Person } from "../person/person.ts";
import { PhoneInHand } from "../person/phone-in-hand.ts";
import { whileSitting } from "../person/sit.ts";
import type { BrowserContext, Page } from "playwright-core";
import type { Desk } from "../desk.ts";
import { PASSWORD, type WebWorld } from "./web-world.ts";

/** A payment as somebody types it. */
export interface TypedPayment {
  readonly payee: string;
  readonly account: string;
  readonly amount: string;
  readonly reference: string;
}

/** One that nobody asked for before. */
export function newTyped(): TypedPayment {
  const reference = `Invoice ${randomInt(1e9)}`;
  return { payee: "Müller GmbH", account: "DE89 3704 0044 0532 0130 00", amount: "1250.00", reference };
}

/** The same in the words of key and phone. */
export function meantBy({ payee, account, reference }: TypedPayment): string {
  return `Amount: EUR 1 250.00\nTo: ${payee}\nAccount: ${account}\nReference: ${reference}`;
}

export function personAt(desk: Desk, meant: string, temper: Person["temper"] = "careful"): Person {
  return { meant, temper, pin: desk.pin, key: new KeyInHand(desk.keyUrl), phone: new PhoneInHand(desk.phoneUrl) };
}

/** Whose page, and of which of the bank's sites. */
interface At {
  readonly desk?: Desk;
  readonly origin?: string;
}

/** The bank's page in a tab. */
export class PayPage {
  readonly page: Page;
  readonly #world: WebWorld;
  readonly #desk: Desk;

  private constructor(page: Page, world: WebWorld, desk: Desk) {
    this.page = page;
    this.#world = world;
    this.#desk = desk;
  }

  /** Opens it, logs in where nobody is, and pairs where the browser is not. */
  static async open(world: WebWorld, context: BrowserContext, at: At = {}): Promise<PayPage> {
    const { desk = world.desk, origin = world.origin } = at;
    const page = await context.newPage();
    await page.goto(`${origin}/`);
    const here = new PayPage(page, world, desk);
    await page.locator("h1").first().waitFor();
    if (await page.getByLabel("Password").isVisible()) {
      await page.getByLabel("Your name at the bank").fill(desk.userId);
      await page.getByLabel("Password").fill(PASSWORD);
      await page.getByRole("button", { name: "Log in" }).click();
    }
    await page.getByRole("heading", { name: "What do you want to pay?" }).waitFor();
    return here;
  }

  async type({ payee, account, amount, reference }: TypedPayment): Promise<void> {
    const { page } = this;
    await page.getByLabel("To", { exact: true }).fill(payee);
    await page.getByLabel("Account (IBAN)").fill(account);
    await page.getByLabel("Amount").fill(amount);
    await page.getByLabel("Reference").fill(reference);
  }

  /** On to the key; pairs this page with the daemon where it has to be. */
  async go(): Promise<void> {
    const { page } = this;
    await page.getByRole("button", { name: "Go on to your key" }).click();
    const pair = page.getByRole("button", { name: "Pair this page with the daemon" });
    await pair.or(page.locator(".now, .outcome")).first().waitFor();
    if (!(await pair.isVisible())) return;
    const port = page.getByLabel("Port of the daemon");
    await port.fill(String(this.#world.daemonPort));
    await port.blur();
    await pair.click();
    await pair.waitFor({ state: "detached" });
  }

  /** Pays to the end, with somebody at key and phone. */
  async pay(typed: TypedPayment, temper: Person["temper"] = "careful"): Promise<void> {
    await this.type(typed);
    await whileSitting(personAt(this.#desk, meantBy(typed), temper), async () => {
      await this.go();
      await this.over();
    });
  }

  /** What the page says in the end. */
  async over(): Promise<string> {
    const title = this.page.locator(".outcome h1");
    await title.waitFor();
    return (await title.innerText()).replace(/^\S+ /, "");
  }

  /** What the page waits for, once it waits for that. */
  async waitsFor(words: string | RegExp): Promise<void> {
    const ending = this.page.locator(".outcome");
    await this.page.locator(".now", { hasText: words }).or(ending).first().waitFor();
    if (await ending.isVisible()) throw new Error(`instead of ${String(words)} it ended: ${await ending.innerText()}`);
  }

  /** The key is waited for in this state of its own. */
  async keyShows(name: string): Promise<void> {
    const key = new KeyInHand(this.#desk.keyUrl);
    const patience = AbortSignal.timeout(60_000);
    for (let screen = await key.look(undefined, patience); screen.page !== name;) {
      screen = await key.look(screen.version, patience);
    }
  }
}
