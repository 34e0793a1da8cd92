import { bad, fine, type Finding } from "./finding.ts";
import type { HidrawNode } from "./hidraw-node.ts";
import { INSTALL_RULE, type InstalledRule, judgeRule, UDEV_RULE_FILE } from "./udev-rule.ts";

/** What `doctor` can know about keys on USB. */
export interface HidSituation {
  /** As `process.platform`. */
  readonly platform: NodeJS.Platform;
  /** Linux alone. */
  readonly nodes: readonly HidrawNode[];
  readonly rule: InstalledRule;
}

/** What is to be said about opening keys on this system. */
export function hidAdvice(situation: HidSituation): readonly Finding[] {
  const { platform, nodes } = situation;
  if (platform === "linux") return [...nodes.map(ofNode), ...ofRule(situation)];
  return ELSEWHERE[platform] ?? [fine(`keys on USB are not tested on ${platform}`)];
}

// Who sits at the PC opens FIDO2 keys by a rule of systemd's own; ours is for our keys.
function ofNode({ path, speaks, name, openable, mode }: HidrawNode): Finding {
  const kind = speaks === "countersign" ? "Countersign key" : "FIDO interface";
  const what = `${path}: ${kind}${name === "" ? "" : ` (${name})`}`;
  if (mode !== undefined && (mode & 0o006) !== 0) {
    return bad(`${what}, open to every user of this PC (mode ${octal(mode)})`, OPEN_TO_ALL);
  }
  if (openable) return fine(`${what}, may be opened${mode === undefined ? "" : ` (mode ${octal(mode)})`}`);
  return bad(`${what}, may not be opened by this user`, speaks === "countersign" ? INSTALL_RULE : SEAT);
}

function ofRule({ nodes, rule }: HidSituation): readonly Finding[] {
  if (rule === undefined) {
    const isMissed = nodes.some(({ speaks, openable }) => speaks === "countersign" && !openable);
    // Its node says so, with the fix.
    if (isMissed) return [];
    return [fine(`no udev rule ${UDEV_RULE_FILE}: keys on USB need it, emulated ones do not`)];
  }
  switch (judgeRule(rule)) {
    case "good":
      return [fine(`udev rule ${rule.path} is the one that is shipped`)];
    case "other":
      return [bad(`udev rule ${rule.path} is not the one that is shipped`, INSTALL_RULE)];
    case "open to all":
      return [bad(`udev rule ${rule.path} opens keys to every user of this PC`, INSTALL_RULE)];
  }
}

function octal(mode: number): string {
  return mode.toString(8).padStart(3, "0");
}

const SEAT =
  "log in at the PC itself: systemd opens FIDO2 keys to who sits there, not over ssh; on Debian: apt-get install libfido2-1";

const OPEN_TO_ALL = `remove MODE="0666" from the rules in /etc/udev/rules.d and ${INSTALL_RULE}`;

const ELSEWHERE: Partial<Record<NodeJS.Platform, readonly Finding[]>> = {
  win32: [
    fine("Windows: a Countersign key is opened on an interface of its own, which every user may open"),
    fine(
      "Windows: FIDO2 keys are closed to programs that do not run as administrator since 10.0.18362; confirm with them in the browser",
    ),
  ],
  darwin: [
    fine(
      "macOS: if no key is found, allow the daemon under System Settings > Privacy & Security > Input Monitoring and start it anew",
    ),
  ],
};
