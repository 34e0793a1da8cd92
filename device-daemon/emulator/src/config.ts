import { parseArgs } from "node:util";
import type { Profile } from "./device.ts";

/** Settings of the emulator process. */
export interface EmulatorConfig {
  readonly socket: string;
  readonly controlPort: number;
  readonly store: string;
  readonly profile: Profile;
}

/** What `--help` prints. */
export const USAGE = `countersign-key: a smart key as a process

  --socket PATH       Unix socket that carries its 64-byte HID reports
  --store DIR         folder for its sealed state, made with 0700
  --control PORT      loopback port of display and keypad; 0 takes a free one (default 0)
  --profile NAME      full (display and keypad) or no-display (default full)
  --serial S          serial number (default EMU-0001)
  --model M           model name; only "emulator" is told apart from real keys by the core (default emulator)
  --glyphs NAME       latin or ascii (default latin)
  --keypad on|off     off: no digits on the key, a finger sensor instead; codes come from the PC (default on)
  --finger on|off     a finger sensor (default off; on without a keypad)
`;

/** A setting that cannot be used; the message names it and says what it means. */
export class ConfigError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ConfigError";
  }
}

/** Reads the command line. Throws ConfigError. */
export function parseConfig(argv: readonly string[]): EmulatorConfig {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      socket: { type: "string" },
      store: { type: "string" },
      control: { type: "string", default: "0" },
      profile: { type: "string", default: "full" },
      serial: { type: "string", default: "EMU-0001" },
      model: { type: "string", default: "emulator" },
      glyphs: { type: "string", default: "latin" },
      keypad: { type: "string", default: "on" },
      finger: { type: "string" },
    },
  });
  const keypad = oneOf("keypad", values.keypad, ["on", "off"]) === "on";
  return {
    socket: required("socket", values.socket, "path of the Unix socket for its HID reports"),
    store: required("store", values.store, "folder for its sealed state"),
    controlPort: port(values.control),
    profile: {
      model: name("model", values.model),
      serial: name("serial", values.serial),
      display: oneOf("profile", values.profile, ["full", "no-display"]) === "full",
      keypad,
      finger: values.finger === undefined ? !keypad : oneOf("finger", values.finger, ["on", "off"]) === "on",
      glyphs: oneOf("glyphs", values.glyphs, ["latin", "ascii"]),
    },
  };
}

function required(setting: string, value: string | undefined, meaning: string): string {
  if (value === undefined || value === "") throw new ConfigError(`--${setting} is missing: ${meaning}`);
  return value;
}

function oneOf<T extends string>(setting: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((each) => each === value);
  if (found === undefined) throw new ConfigError(`--${setting} must be ${allowed.join(" or ")}, not ${value}`);
  return found;
}

function port(value: string): number {
  if (/^\d{1,5}$/.test(value) && Number(value) <= 65535) return Number(value);
  throw new ConfigError(`--control must be a port from 0 to 65535, not ${value}`);
}

function name(setting: string, value: string): string {
  if (/^[!-~](?:[ -~]{0,30}[!-~])?$/.test(value)) return value;
  throw new ConfigError(`--${setting} must be 1 to 32 printable ASCII characters`);
}
