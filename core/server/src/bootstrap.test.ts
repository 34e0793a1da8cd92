import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { tempFolder } from "@countersign/testing";
import { bootstrap } from "./bootstrap.ts";
import { readBootstrap, type BootstrapOptions } from "./bootstrap-options.ts";
import { ConfigError } from "./config.ts";
import { directoryOf } from "./identity/directory.ts";
import { appKey, botKey, tenantKey, tokenKey } from "./identity/entity-key.ts";
import { tokenId } from "./rpc/token.ts";
import { openStorage } from "./open-storage.ts";
import type { Store } from "./store/store.ts";

const root = tempFolder();
let folders = 0;

type Embedded = BootstrapOptions & { readonly data: string };

function options(over: Partial<Embedded> = {}): Embedded {
  folders += 1;
  const at = join(root, String(folders));
  return {
    data: join(at, "data"),
    secrets: join(at, "secrets"),
    out: join(at, "out"),
    tenant: "bank",
    issuer: "Example Bank",
    policy: undefined,
    apps: [{ name: "shop", scope: "submit" }],
    bots: [{ name: "phone", platform: "sandbox" }],
    ...over,
  };
}

async function withStore<T>(of: BootstrapOptions, use: (store: Store) => Promise<T>): Promise<T> {
  const { store } = await openStorage({ ...of, development: false });
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

test("makes tenant, apps and bots; tokens are in 0600 files and nowhere in the data", async () => {
  const of = options();
  const made = await bootstrap(of);
  expect(Object.keys(made.tokens)).toEqual(["shop", "phone"]);
  const tokens = Object.values(made.tokens).map((path) => {
    expect(statSync(path).mode & 0o777).toBe(0o600);
    return readFileSync(path, "utf8").trim();
  });
  expect(statSync(of.out).mode & 0o777).toBe(0o700);
  expect(JSON.stringify(made)).not.toMatch(/cs_(app|bot)_/);
  for (const file of readdirSync(of.data)) {
    const bytes = readFileSync(join(of.data, file)).toString("latin1");
    for (const token of tokens) expect(bytes).not.toContain(token);
  }
  await withStore(of, async (store) => {
    const directory = directoryOf(store);
    const { tenantId } = made;
    expect(await directory.get(tenantKey(tenantId))).toMatchObject({
      name: "bank",
      issuer: "Example Bank",
      policyVersion: 1,
    });
    const [app = "", bot = ""] = tokens;
    const appHolder = await directory.get(tokenKey(tokenId(app)));
    const botHolder = await directory.get(tokenKey(tokenId(bot)));
    if (appHolder?.kind !== "app" || botHolder?.kind !== "bot") throw new Error("the tokens name their holders");
    expect(await directory.get(appKey(tenantId, appHolder.appId))).toMatchObject({ name: "shop", scope: "submit" });
    expect(await directory.get(botKey(tenantId, botHolder.botId))).toMatchObject({
      name: "phone",
      platform: "sandbox",
    });
  });
});

test("a tenant that exists gets further apps, and a policy with the next version", async () => {
  const of = options();
  const first = await bootstrap(of);
  const policy = readBootstrap({ ...flags(of), policy: policyFile({ tries: 2 }) }, {}).policy;
  const second = await bootstrap({ ...of, apps: [{ name: "exec", scope: "execute" }], bots: [], policy });
  expect(second.tenantId).toBe(first.tenantId);
  expect(second.serverId).toBe(first.serverId);
  await withStore(of, async (store) => {
    const tenant = await directoryOf(store).get(tenantKey(first.tenantId));
    expect(tenant).toMatchObject({ policyVersion: 2, policy: { tries: 2 } });
  });
});

const APPROVED = { approvers: [{ users: ["treasurer"], needed: 1 }] };

test("who is to approve in a new tenant is told to be created", async () => {
  const of = options();
  const { policy } = readBootstrap({ ...flags(of), policy: policyFile(APPROVED) }, {});
  const { advice } = await bootstrap({ ...of, policy });
  expect(advice.at(-1)).toMatch(/^approvers\.0\.users\.0: there is no user treasurer yet/);
});

describe("refuses", () => {
  test("a policy whose approver the tenant does not have", async () => {
    const of = options();
    const { tenantId } = await bootstrap(of);
    const { policy } = readBootstrap({ ...flags(of), policy: policyFile(APPROVED) }, {});
    const again = bootstrap({ ...of, apps: [], bots: [], policy });
    await expect(again).rejects.toThrow("--policy: approvers.0.users.0: tenant bank has no user treasurer");
    await withStore(of, async (store) => {
      expect(await directoryOf(store).get(tenantKey(tenantId))).toMatchObject({ policyVersion: 1 });
    });
  });

  test("an issuer name that another tenant has", async () => {
    const of = options();
    await bootstrap(of);
    await expect(bootstrap({ ...of, tenant: "other", apps: [], bots: [] })).rejects.toThrow("another tenant");
    await expect(bootstrap({ ...of, issuer: "Other Bank", apps: [], bots: [] })).rejects.toThrow(
      "is shown as Example Bank",
    );
  });

  test("a name that the tenant has, and leaves no token behind", async () => {
    const of = options();
    await bootstrap(of);
    const out = join(root, "second");
    await expect(bootstrap({ ...of, out, bots: [], apps: [{ name: "phone", scope: "submit" }] })).rejects.toThrow(
      "already",
    );
    expect(() => readdirSync(out)).toThrow("ENOENT");
  });

  test("a token file that exists", async () => {
    const of = options({ bots: [] });
    await bootstrap(of);
    await expect(bootstrap({ ...of, tenant: "two", issuer: "Two" })).rejects.toThrow("shop.token cannot be made");
  });

  test("a data folder that a core runs on", async () => {
    const of = options();
    await withStore(of, async () => {
      await expect(bootstrap(of)).rejects.toThrow("in use by another core");
    });
  });

  test("secrets inside the data", async () => {
    const of = options();
    for (const secrets of [of.data, join(of.data, "secrets")]) {
      await expect(bootstrap({ ...of, secrets })).rejects.toThrow("lies in the data folder");
    }
  });

  test("new secrets beside an old store", async () => {
    const of = options();
    await bootstrap(of);
    await expect(bootstrap({ ...of, secrets: join(root, "none") })).rejects.toThrow("no secrets here");
  });

  test.each([
    ["an issuer of 21 columns", { issuer: "x".repeat(21) }, "--issuer"],
    ["an issuer with a bidi control", { issuer: "Bank\u202e" }, "--issuer"],
    ["an empty issuer", { issuer: "" }, "--issuer"],
    ["a tenant with a line break", { tenant: "a\nb" }, "--tenant"],
  ])("%s", async (_name, over, flag) => {
    await expect(bootstrap(options(over))).rejects.toThrow(flag);
    await expect(bootstrap(options(over))).rejects.toBeInstanceOf(ConfigError);
  });
});

describe("flags", () => {
  test.each([
    [{ tenant: undefined }, "--tenant (COUNTERSIGN_TENANT"],
    [{ app: ["shop"] }, "--app"],
    [{ app: ["shop:admin"] }, "--app"],
    [{ app: ["../shop:submit"] }, "--app"],
    [{ app: ["Shop:submit"] }, "--app"],
    [{ bot: ["phone:fax"] }, "--bot"],
    [{ app: ["one:submit"], bot: ["one:mail"] }, "name of its own"],
    [{ policy: "/nonexistent" }, "--policy"],
  ])("%j is refused", (over, flag) => {
    expect(() => readBootstrap({ ...flags(options()), ...over }, {})).toThrow(flag);
  });

  test("a policy that breaks a rule is refused, naming it", () => {
    expect(() => readBootstrap({ ...flags(options()), policy: policyFile({ digits: 5 }) }, {})).toThrow(
      "digits: must be at least 6",
    );
  });

  test("folders may come from variables", () => {
    const { data, secrets, out, ...rest } = flags(options());
    const env = { COUNTERSIGN_DATA: data, COUNTERSIGN_SECRETS: secrets, COUNTERSIGN_OUT: out };
    expect(readBootstrap(rest, env)).toMatchObject({ data, secrets, out });
  });
});

function flags(of: BootstrapOptions) {
  const { data, secrets, out, tenant, issuer } = of;
  return { data, secrets, out, tenant, issuer, app: ["shop:submit"], bot: ["phone:sandbox"] };
}

function policyFile(policy: object): string {
  const path = join(root, "policy.json");
  writeFileSync(path, JSON.stringify(policy));
  return path;
}
