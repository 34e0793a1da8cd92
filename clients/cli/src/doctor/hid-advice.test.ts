import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { ROOT, tempFolder } from "@countersign/testing";
import { hidAdvice } from "./hid-advice.ts";
import { type HidrawNode, hidrawNodes, installedRule } from "./hidraw-node.ts";
import { type InstalledRule, judgeRule, UDEV_RULE, UDEV_RULE_FILE } from "./udev-rule.ts";

const ours: HidrawNode = { path: "/dev/hidraw1", speaks: "countersign", name: "Acme Key", openable: true, mode: 0o660 };
const fido: HidrawNode = { ...ours, path: "/dev/hidraw0", speaks: "fido" };
const shipped = { path: `/etc/udev/rules.d/${UDEV_RULE_FILE}`, text: `# comment\n${UDEV_RULE}\n` };

function linux(nodes: readonly HidrawNode[], rule: InstalledRule | "none" = shipped): string[] {
  const findings = hidAdvice({ platform: "linux", nodes, rule: rule === "none" ? undefined : rule });
  return findings.map(
    ({ what, good, fix }) => `${good ? "good" : "bad"}: ${what}${fix === undefined ? "" : ` -> ${fix}`}`,
  );
}

describe("D14: doctor on Linux", () => {
  test("the rule that it tells is the one that is shipped", () => {
    const file = readFileSync(join(ROOT, "packaging/udev", UDEV_RULE_FILE), "utf8");
    expect(readdirSync(join(ROOT, "packaging/udev"))).toEqual([UDEV_RULE_FILE]);
    expect(file.split("\n").filter((line) => line !== "" && !line.startsWith("#"))).toEqual([UDEV_RULE]);
    expect(judgeRule({ text: file })).toBe("good");
  });

  test.each([
    ["a key that opens", [ours], ["good: /dev/hidraw1: Countersign key (Acme Key), may be opened (mode 660)"]],
    ["a FIDO key that opens", [fido], ["good: /dev/hidraw0: FIDO interface (Acme Key), may be opened (mode 660)"]],
    ["no key", [], []],
  ])("%s", (_name, nodes, expected) => {
    expect(linux(nodes)).toEqual([...expected, `good: udev rule ${shipped.path} is the one that is shipped`]);
  });

  test("a key that does not open: the rule, where it goes, and how it is loaded", () => {
    const [finding, ...rest] = linux([{ ...ours, openable: false, mode: 0o600 }], "none");
    expect(rest).toEqual([]);
    expect(finding).toMatch(/^bad: \/dev\/hidraw1: Countersign key \(Acme Key\), may not be opened by this user -> /);
    for (const words of [
      UDEV_RULE,
      `/etc/udev/rules.d/${UDEV_RULE_FILE}`,
      "udevadm control --reload && sudo udevadm trigger",
    ]) {
      expect(finding).toContain(words);
    }
  });

  test("a FIDO key that does not open: who sits at the PC may", () => {
    const [finding] = linux([{ ...fido, openable: false, mode: 0o600 }]);
    expect(finding).toContain("log in at the PC itself");
    expect(finding).not.toContain(UDEV_RULE);
  });

  test.each([0o666, 0o662, 0o664])(
    "a node with mode %o is open to every user, and that is bad though it opens",
    (mode) => {
      expect(linux([{ ...ours, mode }])[0]).toContain("open to every user of this PC");
    },
  );

  test.each<[string, InstalledRule | "none", string]>([
    ["no rule, and none is missed", "none", "good: no udev rule"],
    ["another rule", { ...shipped, text: 'SUBSYSTEM=="hidraw", TAG+="uaccess"' }, "bad: udev rule"],
    [
      "an open rule",
      { ...shipped, text: `${UDEV_RULE}\nSUBSYSTEM=="hidraw", MODE="0666"` },
      "opens keys to every user",
    ],
    ["a rule that is commented out", { ...shipped, text: `# ${UDEV_RULE}` }, "is not the one that is shipped"],
  ])("%s", (_name, rule, words) => {
    expect(linux([], rule)).toEqual([expect.stringContaining(words)]);
  });
});

describe("D14: doctor on other systems explains, and finds nothing wrong", () => {
  test.each([
    ["win32", ["10.0.18362", "interface of its own", "browser"]],
    ["darwin", ["Input Monitoring"]],
    ["freebsd", ["not tested on freebsd"]],
  ] as const)("%s", (platform, words) => {
    const findings = hidAdvice({ platform, nodes: [], rule: undefined });
    expect(findings.every(({ good }) => good)).toBe(true);
    for (const word of words) expect(findings.map(({ what }) => what).join("\n")).toContain(word);
  });
});

describe("what is plugged in", () => {
  const root = tempFolder();

  function plug(name: string, descriptor: string, hidName?: string): void {
    const folder = join(root, "sys/class/hidraw", name, "device");
    mkdirSync(folder, { recursive: true });
    mkdirSync(join(root, "dev"), { recursive: true });
    writeFileSync(join(folder, "report_descriptor"), Buffer.from(descriptor, "hex"));
    if (hidName !== undefined) writeFileSync(join(folder, "uevent"), `DRIVER=hid-generic\nHID_NAME=${hidName}\n`);
    writeFileSync(join(root, "dev", name), "", { mode: 0o660 });
  }

  test("nodes of keys are told by their report descriptor, whatever they call themselves", () => {
    plug("hidraw0", "06d0f10901a1010920");
    plug("hidraw10", "0643ff0901a1010920", "Acme Key");
    plug("hidraw2", "05010906a101", "Keyboard that says 0643ff0901");
    plug("hidraw3", "0643ff0a0202a101");
    expect(hidrawNodes(join(root, "sys"), join(root, "dev"))).toMatchObject([
      { path: join(root, "dev/hidraw0"), speaks: "fido", name: "", openable: true, mode: expect.any(Number) },
      { path: join(root, "dev/hidraw10"), speaks: "countersign", name: "Acme Key", openable: true },
    ]);
  });

  test("a node that is listed and not there cannot be opened", () => {
    const [node] = hidrawNodes(join(root, "sys"), join(root, "nowhere"));
    expect(node).toMatchObject({ openable: false, mode: undefined });
  });

  test("without hidraw there are none", () => {
    expect(hidrawNodes(join(root, "nowhere"))).toEqual([]);
  });

  test("of two files of the rule's name the first counts, as for udev", () => {
    const folders = [join(root, "one"), join(root, "etc"), join(root, "usr")];
    for (const folder of folders.slice(1)) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, UDEV_RULE_FILE), folder);
    }
    expect(installedRule(folders)).toEqual({ path: join(root, "etc", UDEV_RULE_FILE), text: join(root, "etc") });
    expect(installedRule([join(root, "one")])).toBeUndefined();
  });
});
