import { parseArgs } from "node:util";
import type { Paths } from "./backend/plugs.ts";
import type { Profile } from "./device.ts";
import { type DisplaySize, LARGEST, parseDisplaySize, SMALLEST } from "./display/display-size.ts";

/** Where the key meets its host. Paths are by interface. */
export type Bus =
  | { readonly type: "socket"; readonly paths: Paths }
  | { readonly type: "uhid" }
  | { readonly type: "gadget"; readonly paths: Paths; readonly gadget: string | undefined };

/** Settings of the emulator process. */
export interface EmulatorConfig {
  readonly bus: Bus;
  readonly controlPort: number;
  readonly store: string;
  readonly profile: Profile;
}

/** What `--help` prints. */
export const USAGE = `countersign-emulator: a smart key as a process

  --socket PATH       Unix socket that carries the 64-byte HID reports of its Countersign interface
  --fido-socket PATH  the same for its FIDO interface (CTAP2); one of the two is needed
  --uhid              instead: devices of this machine's kernel (/dev/hidrawN); Linux, root, module uhid
  --hidg DEV          instead: the USB gadget function /dev/hidgN for its Countersign interface
  --fido-hidg DEV     the same for its FIDO interface
  --gadget DIR        configfs folder of that gadget, so that the plug can be pulled
  --store DIR         folder for its sealed state, made with 0700
  --control PORT      loopback port of display and keypad; 0 takes a free one (default 0)
  --profile NAME      full (display and keypad), no-display, or fido2: a plain FIDO2 key, one button (default full)
  --serial S          serial number (default EMU-0001)
  --model M           model name; only "emulator" is told apart from real keys by the core (default emulator)
  --display COLSxROWS columns and rows of its display, 16x2 to 40x20 (default 21x6)
  --glyphs NAME       latin or ascii (default latin)
  --keypad on|off     off: no digits on the key, a finger sensor instead; codes come from the PC (default on)
  --finger on|off     a finger sensor (default off; on without a keypad)
  --fido-attestation NAME  certificate or self: what attests new FIDO credentials (default certificate)
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
      uhid: { type: "boolean", default: false },
      hidg: { type: "string" },
      "fido-hidg": { type: "string" },
      gadget: { type: "string" },
      store: { type: "string" },
      control: { type: "string", default: "0" },
      profile: { type: "string", default: "full" },
      serial: { type: "string", default: "EMU-0001" },
      model: { type: "string", default: "emulator" },
      display: { type: "string", default: "21x6" },
      glyphs: { type: "string", default: "latin" },
      keypad: { type: "string", default: "on" },
      finger: { type: "string" },
      "fido-attestation": { type: "string", default: "certificate" },
    },
  });
  const built = oneOf("profile", values.profile, ["full", "no-display", "fido2"]);
  const vendor = built !== "fido2";
  const attestation = oneOf("fido-attestation", values["fido-attestation"], ["certificate", "self"]);
  const keypad = vendor && oneOf("keypad", values.keypad, ["on", "off"]) === "on";
  return {
    bus: busOf(values, vendor),
    store: required("store", values.store, "folder for its sealed state"),
    controlPort: port(values.control),
    profile: {
      model: name("model", values.model),
      serial: name("serial", values.serial),
      vendor,
      display: built === "full",
      size: displaySize(values.display),
      keypad,
      finger: values.finger === undefined ? vendor && !keypad : oneOf("finger", values.finger, ["on", "off"]) === "on",
      glyphs: oneOf("glyphs", values.glyphs, ["latin", "ascii"]),
      ...(attestation === "self" ? { selfAttestation: true } : {}),
    },
  };
}

/** The flags that say where it meets its host, as given. */
interface BusFlags {
  readonly socket?: string | undefined;
  readonly "fido-socket"?: string | undefined;
  readonly uhid: boolean;
  readonly hidg?: string | undefined;
  readonly "fido-hidg"?: string | undefined;
  readonly gadget?: string | undefined;
}

function busOf(flags: BusFlags, vendor: boolean): Bus {
  const isGadget = [flags.hidg, flags["fido-hidg"], flags.gadget].some((value) => value !== undefined);
  const isSocket = [flags.socket, flags["fido-socket"]].some((value) => value !== undefined);
  if ([flags.uhid, isGadget, isSocket].filter(Boolean).length > 1) {
    throw new ConfigError("a key is plugged in once: give sockets, or --uhid, or --hidg and --fido-hidg");
  }
  if (flags.uhid) return { type: "uhid" };
  if (isGadget) return { type: "gadget", paths: pathsOf(flags, ["hidg", "fido-hidg"], vendor), gadget: flags.gadget };
  return { type: "socket", paths: pathsOf(flags, ["socket", "fido-socket"], vendor) };
}

const MEANING = {
  socket: "path of the Unix socket for its HID reports",
  "fido-socket": "path of the Unix socket for the HID reports of its FIDO interface",
  hidg: "the USB gadget function of its Countersign interface, such as /dev/hidg0",
  "fido-hidg": "the USB gadget function of its FIDO interface, such as /dev/hidg1",
} as const;

function pathsOf<V extends keyof typeof MEANING, F extends keyof typeof MEANING>(
  flags: Pick<BusFlags, V | F>,
  [ofVendor, ofFido]: readonly [V, F],
  vendor: boolean,
): Paths {
  const given = (flag: V | F): string => required(flag, flags[flag], MEANING[flag]);
  if (!vendor && flags[ofVendor] !== undefined) {
    throw new ConfigError(`--${ofVendor} is of no use with --profile fido2, which has no Countersign interface`);
  }
  if (!vendor) return { fido: given(ofFido) };
  const fido = flags[ofFido] === undefined ? {} : { fido: given(ofFido) };
  if (flags[ofVendor] === undefined && flags[ofFido] !== undefined) return fido;
  return { vendor: given(ofVendor), ...fido };
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

function displaySize(value: string): DisplaySize {
  const size = parseDisplaySize(value);
  if (size !== undefined) return size;
  const [from, to] = [SMALLEST, LARGEST].map(({ columns, rows }) => `${columns}x${rows}`);
  throw new ConfigError(`--display must be columns and rows from ${from} to ${to}, such as 21x6, not ${value}`);
}

function port(value: string): number {
  if (/^\d{1,5}$/.test(value) && Number(value) <= 65535) return Number(value);
  throw new ConfigError(`--control must be a port from 0 to 65535, not ${value}`);
}

function name(setting: string, value: string): string {
  if (/^[!-~](?:[ -~]{0,30}[!-~])?$/.test(value)) return value;
  throw new ConfigError(`--${setting} must be 1 to 32 printable ASCII characters`);
}
