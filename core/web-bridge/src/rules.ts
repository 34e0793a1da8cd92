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

/**
 * An origin that may be listed, written as browsers send it: https, or http on localhost. Undefined for anything else, so
 * that a pattern, a path or a default port in a list is an error and not an entry that never matches.
 */
export function originOf(text: string): string | undefined {
  if (!/^(https:\/\/[a-z0-9.:[\]-]+|http:\/\/localhost(:[0-9]+)?)$/.test(text)) return undefined;
  return URL.canParse(text) && new URL(text).origin === text ? text : undefined;
}
