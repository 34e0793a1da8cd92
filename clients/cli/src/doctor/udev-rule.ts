/** Name of the rule's file. It sorts before 73-seat-late.rules, which acts on the tag. */
export const UDEV_RULE_FILE = "70-countersign.rules";

/**
 * The line of packaging/udev/70-countersign.rules, which a test compares. A copy of key-protocol's on purpose: for one line
 * the command would carry the whole of HID and CTAP2.
 */
export const UDEV_RULE = 'SUBSYSTEM=="hidraw", ATTRS{idVendor}=="1209", ATTRS{idProduct}=="0001", TAG+="uaccess"';

/** Where udev looks, in its order: the first file of a name counts. */
export const UDEV_FOLDERS: readonly string[] = ["/etc/udev/rules.d", "/run/udev/rules.d", "/usr/lib/udev/rules.d"];

/** How the rule gets where it works. */
export const INSTALL_RULE: string = [
  `put this line into /etc/udev/rules.d/${UDEV_RULE_FILE}: ${UDEV_RULE}`,
  "then run: sudo udevadm control --reload && sudo udevadm trigger",
].join(" - ");

/** What is known of the rule on this machine. `text`: of the file that counts, if there is one. */
export type InstalledRule = { readonly path: string; readonly text: string } | undefined;

/** Whether the file holds the rule, and nothing that opens keys to everybody. */
export function judgeRule({ text }: { readonly text: string }): "good" | "other" | "open to all" {
  const lines = text.split("\n").map((line) => line.trim());
  const rules = lines.filter((line) => line !== "" && !line.startsWith("#"));
  if (rules.some((line) => /MODE:?=+\s*"?0?\d\d[1-7]"?/.test(line))) return "open to all";
  return rules.includes(UDEV_RULE) ? "good" : "other";
}
