/** Everything the bot itself logs. Closed, so that no token, no text of a person and no content has a field to stand in. */
export type AdminLogEvent =
  | { readonly event: "stranger"; readonly peer: string; readonly count: number }
  | { readonly event: "order"; readonly who: string; readonly order: string }
  | { readonly event: "order-stale"; readonly who: string; readonly order: string }
  | { readonly event: "order-failed"; readonly errorName: string }
  | { readonly event: "answer-not-sent"; readonly detail: string }
  | { readonly event: "alert-sent"; readonly kind: string; readonly count: number }
  | { readonly event: "alert-not-sent"; readonly kind: string; readonly detail: string; readonly given: "up" | "back" }
  | { readonly event: "tail-broken"; readonly reason: string; readonly retryInMs: number }
  | { readonly event: "core-refused"; readonly reason: string };

export interface AdminLog {
  write(event: AdminLogEvent): void;
}

/** JSON lines on standard error. */
export const standardLog: AdminLog = {
  write: (event) => {
    const time = new Date().toISOString();
    process.stderr.write(`${JSON.stringify({ time, platform: "admin", ...event })}\n`);
  },
};
