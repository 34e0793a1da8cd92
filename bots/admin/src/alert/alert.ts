/** What administrators are told without asking. */
export type AlertKind =
  | "tampered"
  | "locked"
  | "undeliverable"
  | "dead-letters"
  | "veto-alarm"
  | "acts"
  | "integrity"
  | "tail-lost"
  | "channel-down"
  | "channel-back"
  | "core-away"
  | "core-back"
  | "twin"
  | "sealed";

/** Something that may be worth an alert. Holds no name of a user, and nothing that a code could stand in. */
export interface Sighting {
  readonly kind: AlertKind;
  /** Milliseconds since 1970, by the bot's clock. */
  readonly at: number;
  /** 32 hexadecimal digits; "": the installation. */
  readonly tenantId: string;
  /** What it is about, for people: an id of a transaction, a bot's name, an event with who did it. */
  readonly about: string;
}

/** One message: all sightings of a kind since the last one. */
export interface Alert {
  readonly kind: AlertKind;
  readonly count: number;
  /** Of the first and of the newest. */
  readonly from: number;
  readonly until: number;
  readonly newest: Sighting;
}

/** When sightings of a kind become a message. */
export interface Rule {
  /** So many of them ... */
  readonly least: number;
  /** ... within so long. */
  readonly withinMs: number;
  /** Between two messages of the kind. */
  readonly quietMs: number;
}

const MINUTE = 60_000;
const each = (quietMs: number): Rule => ({ least: 1, withinMs: 0, quietMs });
const burst = (least: number): Rule => ({ least, withinMs: 5 * MINUTE, quietMs: 5 * MINUTE });

/** One wrong code three times is a tired user, five of them within minutes are somebody who tries. */
export const RULES: Readonly<Record<AlertKind, Rule>> = {
  tampered: each(MINUTE),
  locked: burst(5),
  undeliverable: burst(3),
  "dead-letters": burst(3),
  "veto-alarm": each(5 * MINUTE),
  acts: each(MINUTE),
  integrity: each(10 * MINUTE),
  "tail-lost": each(5 * MINUTE),
  "channel-down": each(MINUTE),
  "channel-back": each(MINUTE),
  "core-away": each(MINUTE),
  "core-back": each(MINUTE),
  twin: each(60 * MINUTE),
  sealed: each(MINUTE),
};

/** Messages of all kinds together, to each administrator: more are read by nobody. */
export const MOST_ALERTS = 20;
export const ALERTS_WINDOW_MS: number = 10 * MINUTE;
