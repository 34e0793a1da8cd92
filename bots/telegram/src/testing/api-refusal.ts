/** What the Bot API answers instead of a result. */
export class ApiRefusal extends Error {
  override readonly name: string = "ApiRefusal";
  readonly status: number;
  /** Any JSON value: Telegram names whole seconds, faults whatever they like. */
  readonly retryAfter: unknown;

  constructor(status: number, description: string, retryAfter?: unknown) {
    super(description);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/** 400 in Telegram's wording. */
export function badRequest(what: string): ApiRefusal {
  return new ApiRefusal(400, `Bad Request: ${what}`);
}
