import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { expect } from "@jest/globals";
import { testWith } from "@countersign/testing";
import { ROOT } from "@countersign/testing/child";
import { addAccount, isRoot } from "./peers.ts";
import { clearLeftovers, ownName, removeAccount } from "./own-name.ts";

const rootTest = testWith("root", isRoot);
const WRITES = `
  import { writeFileSync } from "node:fs";
  import { spawnSync } from "node:child_process";
  import { ownName } from "${ROOT}scripts/dev-env/src/sudo/own-name.ts";
  const name = ownName();
  writeFileSync("/etc/pam.d/" + name, "auth required pam_deny.so\\n");
  spawnSync("useradd", ["--home-dir", "/var/tmp/" + name, "--create-home", name]);
  console.log(name);
  setInterval(() => {}, 60_000);
`;

rootTest(
  "what a killed run left below /etc and as an account is cleared by the next; what belongs to one that runs stays",
  async () => {
    const killed = spawn(process.execPath, ["--input-type=module", "--eval", WRITES], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [chunk] = (await once(killed.stdout, "data")) as [Buffer];
    const name = chunk.toString().trim();
    const own = `/etc/pam.d/${ownName()}`;
    writeFileSync(own, "auth required pam_deny.so\n");
    const account = addAccount();
    try {
      expect(clearLeftovers()).not.toContain(name);
      expect(existsSync(`/etc/pam.d/${name}`)).toBe(true);
      killed.kill("SIGKILL");
      await once(killed, "close");
      expect(clearLeftovers().filter((one) => one === name)).toEqual([name, name]);
      expect(existsSync(`/etc/pam.d/${name}`)).toBe(false);
      expect(existsSync(`/var/tmp/${name}`)).toBe(false);
      expect(readFileSync("/etc/passwd", "utf8")).not.toContain(name);
      expect(existsSync(own)).toBe(true);
      expect(spawnSync("id", [account.name]).status).toBe(0);
    } finally {
      killed.kill("SIGKILL");
      rmSync(own, { force: true });
      rmSync(`/etc/pam.d/${name}`, { force: true });
      removeAccount(name, `/var/tmp/${name}`);
      account.remove();
    }
  },
  60_000,
);
