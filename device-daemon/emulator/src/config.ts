import { parseArgs } from "node:util";
import type { Profile } from "./device.ts";

/** Settings of the emulator process. */
export interface EmulatorConfig {
  /** Of the Countersign interface. */
  readonly socket?: string;
  /** Of the FIDO interface. */
  readonly fidoSocket?: string;
  readonly controlPort: number;
  readonly store: string;
  readonly profile: Profile;
}

/** What `--help` prints. */
export const USAGE = `countersign-key: a smart key as a process

  --socket PATH       Unix socket that carries the 64-byte HID reports of its Countersign interface
  --fido-socket PATH  the same for its FIDO interface (CTAP2); one of the two is needed
  --store DIR         folder for its sealed state, made with 0700
  --control PORT      loopback port of display and keypad; 0 takes a free one (default 0)
  --profile NAME      full (display and keypad), no-display, or fido2: a plain FIDO2 key, one button (default full)
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
      "fido-socket": { type: "string" },
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
  const built = oneOf("profile", values.profile, ["full", "no-display", "fido2"]);
  const vendor = built !== "fido2";
  const keypad = vendor && oneOf("keypad", values.keypad, ["on", "off"]) === "on";
  return {
    ...socketsOf(vendor, values.socket, values["fido-socket"]),
    store: required("store", values.store, "folder for its sealed state"),
    controlPort: port(values.control),
    profile: {
      model: name("model", values.model),
      serial: name("serial", values.serial),
      vendor,
      display: built === "full",
      keypad,
      finger: values.finger === undefined ? vendor && !keypad : oneOf("finger", values.finger, ["on", "off"]) === "on",
      glyphs: oneOf("glyphs", values.glyphs, ["latin", "ascii"]),
    },
  };
}

function socketsOf(
  vendor: boolean,
  socket: string | undefined,
  fidoSocket: string | undefined,
): Pick<EmulatorConfig, "socket" | "fidoSocket"> {
  if (!vendor && socket !== undefined) {
    throw new ConfigError("--socket is of no use with --profile fido2, which has no Countersign interface");
  }
  const fido = fidoSocket === undefined ? {} : { fidoSocket: required("fido-socket", fidoSocket, FIDO_SOCKET) };
  if (!vendor) return { fidoSocket: required("fido-socket", fidoSocket, FIDO_SOCKET) };
  if (socket === undefined && fidoSocket !== undefined) return fido;
  return { socket: required("socket", socket, "path of the Unix socket for its HID reports"), ...fido };
}

const FIDO_SOCKET = "path of the Unix socket for the HID reports of its FIDO interface";

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
