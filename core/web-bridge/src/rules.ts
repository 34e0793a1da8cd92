/** Who may call and how. */
export interface WebRules {
  /** Exact values of `Host` that are answered. Undefined: any, where names are somebody else's matter. */
  readonly hosts?: ReadonlySet<string>;
  /** Exact origins that are answered: scheme, host and port. There is no pattern and no wildcard. */
  readonly origins: ReadonlySet<string>;
  /** Callers without `Origin` are answered, too: they are no browsers. */
  readonly withoutOrigin: boolean;
  /** Bodies in base64 are answered, too (application/grpc-web-text+proto). */
  readonly text: boolean;
  /** Largest message of a request, in bytes. */
  readonly maxMessage: number;
}

/** Media type of requests and answers. */
export const PROTO = "application/grpc-web+proto";

/** The same in base64. */
export const TEXT_PROTO = "application/grpc-web-text+proto";

/** The one way to write an origin that a browser sends; undefined where the text is not it. */
export function originOf(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // `origin` of a scheme without hosts is "null".
  return url !== undefined && url.origin === text && text !== "null" ? text : undefined;
}
