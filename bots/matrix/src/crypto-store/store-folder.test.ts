import { chmodSync, chownSync, mkdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tempFolder, testWith } from "@countersign/testing";
import { describe, expect, test } from "@jest/globals";
import { openStoreFolder, refuseSharedFile } from "./store-folder.ts";

const folder = tempFolder();
const rootTest = testWith("root", process.getuid?.() === 0);
const unsafe = expect.objectContaining({ name: "StoreError", code: "unsafe-folder" });

describe("the folder of a device", () => {
  test("is made for its owner alone, parents included", () => {
    const made = join(folder, "a/b");
    openStoreFolder(made);
    expect(statSync(made).mode & 0o777).toBe(0o700);
  });

  test.each([0o750, 0o701, 0o777])("is refused when others have a way in (%o)", (mode) => {
    const open = join(folder, `open-${mode}`);
    mkdirSync(open);
    chmodSync(open, mode);
    expect(() => openStoreFolder(open)).toThrow(unsafe);
    expect(() => openStoreFolder(open)).toThrow(`chmod 700 ${open}`);
  });

  rootTest("is refused when it is another user's", () => {
    const foreign = join(folder, "foreign");
    mkdirSync(foreign, { mode: 0o700 });
    chownSync(foreign, 12345, 12345);
    expect(() => openStoreFolder(foreign)).toThrow("belongs to user 12345");
  });
});

describe("a file of a device", () => {
  test("is refused when others may read it", () => {
    const path = join(folder, "file");
    writeFileSync(path, "x");
    chmodSync(path, 0o640);
    expect(() => refuseSharedFile(path)).toThrow(unsafe);
    chmodSync(path, 0o600);
    expect(() => refuseSharedFile(path)).not.toThrow();
  });

  test("is a file, not what a link to a folder shows", () => {
    const link = join(folder, "link");
    symlinkSync(folder, link);
    expect(() => refuseSharedFile(link)).toThrow("not a regular file");
  });
});
