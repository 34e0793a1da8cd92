import { signal, type ReadonlySignal } from "@preact/signals";

/** Who is logged in at the bank, and which core the bank has: what answers and receipts are checked against. */
export interface BankSession {
  readonly user: string;
  /** Where pages reach the core. */
  readonly core: string;
  /** 32 hexadecimal digits. */
  readonly serverId: string;
  /** Hexadecimal COSE keys of the core. */
  readonly coreKeys: readonly string[];
}

/** What the bank answered instead; UNREACHABLE: nobody did. */
export class BankFailure extends Error {
  override readonly name = "BankFailure";
  readonly reason: string;

  constructor(reason: string) {
    super(`the bank answered ${reason}`);
    this.reason = reason;
  }
}

const current = signal<BankSession | undefined>(undefined);

/** Who is logged in in this browser; undefined: nobody, or it is not known yet. */
export const session: ReadonlySignal<BankSession | undefined> = current;

/** Takes up the session of this browser, if there is one. Rejects with BankFailure. */
export async function takeUpSession(): Promise<void> {
  const answer = await ask("session");
  current.value = "user" in answer ? sessionOf(answer) : undefined;
}

/** Rejects with BankFailure: WRONG_PASSWORD, TOO_MANY, UNREACHABLE. */
export async function logIn(user: string, password: string): Promise<void> {
  current.value = sessionOf(await ask("login", { user, password }));
}

export async function logOut(): Promise<void> {
  await ask("logout", {});
  current.value = undefined;
}

/** Leave to create one payment; the same for the same request id, so that a lost answer costs nothing. */
export async function takeGrant(requestId: string): Promise<string> {
  const { grant } = await ask("grant", { requestId });
  if (typeof grant !== "string") throw new BankFailure("UNREADABLE");
  return grant;
}

async function ask(path: string, body?: object): Promise<Record<string, unknown>> {
  const request = { headers: { "content-type": "application/json" }, credentials: "same-origin" } as const;
  let response: Response;
  let answer: Record<string, unknown>;
  try {
    response = await fetch(
      path,
      body === undefined ? request : { ...request, method: "POST", body: JSON.stringify(body) },
    );
    answer = (await response.json()) as Record<string, unknown>;
  } catch {
    throw new BankFailure("UNREACHABLE");
  }
  if (response.ok) return answer;
  const { error } = answer;
  if (error === "NOT_LOGGED_IN") current.value = undefined;
  throw new BankFailure(typeof error === "string" ? error : "UNREADABLE");
}

function sessionOf({ user, core, serverId, coreKeys }: Record<string, unknown>): BankSession {
  const isText = typeof user === "string" && typeof core === "string" && typeof serverId === "string";
  if (!isText || !Array.isArray(coreKeys)) throw new BankFailure("UNREADABLE");
  return { user, core, serverId, coreKeys: coreKeys.map(String) };
}
