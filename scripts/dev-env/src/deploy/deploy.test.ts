// Production deploys by git: a real push through the hook of examples/deploy, confirmed at another PC.
import { afterAll, beforeAll, describe, expect } from "@jest/globals";
import { tempFolder, testWith } from "@countersign/testing";
import { ExecutionServiceService } from "@countersign/proto/node/core/v1/execution_service";
import { State } from "@countersign/proto/node/core/v1/content";
import { sha256, toHex, utf8 } from "@countersign/protocol";
import { startProxy, type Tamper } from "../mitm/proxy.ts";
import { CORE_SERVICES } from "../scenario.ts";
import { Reason } from "../scenarios/hands.ts";
import { Scene, type Somebody } from "../scenarios/scene.ts";
import { git, GitServer, hasGit, type Push, type PushEnd } from "./git-server.ts";

const peerTest = testWith("git", hasGit);

const folder = tempFolder();
let scene: Scene;

beforeAll(async () => {
  scene = await Scene.open({ folder, mode: "B" });
  await scene.stopBank();
}, 400_000);
afterAll(() => scene?.close());

/** A repository and its approver, both new, so that nothing of one test reaches the next. */
async function shop(): Promise<{ server: GitServer; approver: Somebody }> {
  const approver = await scene.user();
  const server = new GitServer(scene.installation);
  server.set("approver", approver.desk.userId);
  return { server, approver };
}

/** The approver, at his own PC, takes up what the pusher was told, and reads it on the key. */
async function takeUp(push: Push, approver: Somebody): Promise<{ end: Promise<unknown> }> {
  const [, tag = ""] = await push.shows(/remote: +([A-Z]+ [A-Z]+) /);
  const client = approver.run("approve", tag);
  return { end: client.ended };
}

async function approved(push: Push, approver: Somebody): Promise<PushEnd & { readonly shown: string }> {
  const { end } = await takeUp(push, approver);
  const pages = await approver.hands.confirm();
  await end;
  return { ...(await push.ended), shown: pages.map(({ label, value }) => `${label}: ${value}`).join("\n") };
}

peerTest(
  "a prod tag: key shows who, commit, ref, environment, what was before and how many commits; then it is taken",
  async () => {
    const { server, approver } = await shop();
    server.commit();
    const commit = server.commit();
    const { exitCode, output, shown } = await approved(server.push([`${commit}:refs/tags/prod-1`]), approver);
    expect({ exitCode, output }).toEqual({ exitCode: 0, output: expect.stringContaining("receipt") as unknown });
    expect(server.at("refs/tags/prod-1")).toBe(commit);
    const squeezed = shown.replaceAll(/[ ]/g, "");
    for (const part of ["User:ada", "refs/tags/prod-1", "production", "newref,commits:2", commit.slice(0, 12)])
      expect(squeezed).toContain(part);
    expect(shown).not.toContain("Somebody Else");
  },
  400_000,
);

peerTest(
  "what key and phone show is the digest of the commit itself, whatever refs/replace puts in its place",
  async () => {
    const { server, approver } = await shop();
    const commit = server.commit();
    const other = server.commit();
    git(server.clone, "update-ref", `refs/replace/${commit}`, other);
    await server.push([`refs/replace/${commit}`]).ended;
    expect(server.at(`refs/replace/${commit}`)).toBe(other);
    const ref = "refs/heads/prod-a";
    const { shown } = await approved(server.push([`${commit}:${ref}`]), approver);
    expect(shown.match(/\b[0-9a-f]{4,}\b/g)?.join("")).toContain(digestOfPush(server, ref, commit));
  },
  400_000,
);

/** What `pre-receive` has confirmed of a new ref whose commit holds one file. */
function digestOfPush(server: GitServer, ref: string, commit: string): string {
  const own = (...args: readonly string[]): string => git(server.clone, "--no-replace-objects", ...args);
  const listed = own("ls-tree", "-r", "--full-tree", commit);
  const [, , blob = ""] = listed.split(/\s/);
  const bytes = `${own("cat-file", "blob", blob)}\n`;
  const tree = sha256Hex(`${listed}\n${blob} blob ${bytes.length}\n${bytes}\n`);
  const none = "0".repeat(commit.length);
  return sha256Hex(`countersign/deploy/v1\nref ${ref}\nold ${none}\nnew ${commit}\ntree-sha256 ${tree}\n`);
}

const sha256Hex = (text: string): string => toHex(sha256(utf8(text)));

peerTest(
  "a rejected push takes nothing, not even the unguarded refs beside it; the pusher is told what to do",
  async () => {
    const { server, approver } = await shop();
    const commit = server.commit();
    const push = server.push([`${commit}:refs/heads/main`, `${commit}:refs/heads/prod-eu`]);
    const { end } = await takeUp(push, approver);
    await approver.hands.keyShows("pages");
    await approver.hands.reject(Reason.WRONG_DATA);
    await end;
    const ended = await push.ended;
    expect(ended.exitCode).not.toBe(0);
    expect(ended.output).toContain("at key and phone, then push again");
    expect(ended.output).toContain("Nothing of this push was taken");
    expect([server.at("refs/heads/main"), server.at("refs/heads/prod-eu")]).toEqual(["", ""]);
  },
  400_000,
);

peerTest(
  "other refs are taken at once, without asking anybody",
  async () => {
    const { server } = await shop();
    server.reach("127.0.0.1:9");
    const commit = server.commit();
    const started = performance.now();
    const ended = await server.push([`${commit}:refs/heads/main`, `${commit}:refs/tags/v1`], {}).ended;
    expect(ended).toMatchObject({ exitCode: 0 });
    expect(performance.now() - started).toBeLessThan(3_000);
    expect(server.at("refs/heads/main")).toBe(commit);
  },
  400_000,
);

describe("refused before anybody is asked", () => {
  const rows: [string, (server: GitServer, commit: string) => string[], NodeJS.ProcessEnv, string][] = [
    [
      "two guarded refs",
      (_s, c) => [`${c}:refs/heads/prod-a`, `${c}:refs/tags/prod-b`],
      { REMOTE_USER: "ada" },
      "one by one",
    ],
    ["nobody knows who", (_s, c) => [`${c}:refs/heads/prod-a`], {}, "does not say who pushes"],
    [
      "a ref that is another name of a guarded one",
      (s, c) => {
        git(s.bare, "symbolic-ref", "refs/heads/live", "refs/heads/prod-live");
        return [`${c}:refs/heads/live`];
      },
      {},
      "does not say who pushes",
    ],
    [
      "a configuration of the pusher's own",
      (_s, c) => [`${c}:refs/heads/prod-a`],
      { GIT_CONFIG_COUNT: "1", GIT_CONFIG_KEY_0: "countersign.ref", GIT_CONFIG_VALUE_0: "refs/none" },
      "does not say who pushes",
    ],
    [
      "a namespace, in which aliases are not found",
      (_s, c) => [`${c}:refs/heads/main`],
      { GIT_NAMESPACE: "shop" },
      "with namespaces are not guarded",
    ],
  ];
  peerTest.each(rows)(
    "%s",
    async (_name, refsOf, env, words) => {
      const { server } = await shop();
      const commit = server.commit();
      const ended = await server.push(refsOf(server, commit), env).ended;
      expect(ended.output).toContain(words);
      expect(ended.exitCode).not.toBe(0);
      expect(git(server.bare, "for-each-ref")).toBe("");
    },
    60_000,
  );

  peerTest(
    "deletions and moves that leave history behind, unless the configuration lets them be asked",
    async () => {
      const { server, approver } = await shop();
      server.set("ref", "refs/heads/none");
      const first = server.commit();
      await server.push([`${first}:refs/heads/prod-a`]).ended;
      server.set("ref", "refs/heads/prod-*");
      git(server.clone, "checkout", "--quiet", "--orphan", "other");
      const other = server.commit();
      expect((await server.push([":refs/heads/prod-a"]).ended).output).toContain("may not be deleted");
      expect((await server.push([`${other}:refs/heads/prod-a`]).ended).output).toContain("may not be moved");
      expect(server.at("refs/heads/prod-a")).toBe(first);
      server.set("force", "ask");
      const { shown, exitCode } = await approved(server.push([`${other}:refs/heads/prod-a`]), approver);
      expect(exitCode).toBe(0);
      expect(shown).toContain("FORCED");
    },
    60_000,
  );
});

/** Pushes to a guarded ref, which is not taken; what the pusher sees. */
async function refusal(server: GitServer): Promise<string> {
  const ended = await server.push([`${server.commit()}:refs/heads/prod-a`]).ended;
  return ended.exitCode === 0 || server.at("refs/heads/prod-a") !== "" ? `TAKEN ${ended.output}` : ended.output;
}

describe("whatever is away takes nothing, and the pusher is told what to do next", () => {
  peerTest(
    "the core",
    async () => {
      const { server } = await shop();
      server.reach("127.0.0.1:9");
      expect(await refusal(server)).toMatch(/^(?!TAKEN)[^]*does not answer/);
    },
    60_000,
  );

  peerTest(
    "the approver, his key and his phone",
    async () => {
      const { server } = await shop();
      server.set("timeout", "5");
      expect(await refusal(server)).toMatch(/^(?!TAKEN)[^]*then push again/);
    },
    60_000,
  );

  peerTest(
    "the program and its configuration",
    async () => {
      const { server } = await shop();
      server.set("command", "/nowhere/countersign");
      expect(await refusal(server)).toMatch(/^(?!TAKEN)[^]*Nothing of this push was taken/);
    },
    60_000,
  );
});

/** Says of everything that it is confirmed. */
const sayingConfirmed: Tamper = async function* (call, forward) {
  for await (const answer of forward(call.request)) {
    const { transaction } = answer as { transaction?: object };
    if (transaction === undefined || !/TransactionService\/(?:Get|Watch)$/.test(call.method)) yield answer;
    else yield { ...(answer as object), transaction: { ...transaction, state: State.CONFIRMED } };
  }
};

peerTest(
  "threat 08: a deploy whose core is said to have said CONFIRMED: nothing is taken",
  async () => {
    const { server } = await shop();
    const services = [...CORE_SERVICES, ExecutionServiceService];
    const target = scene.installation.coreAddress;
    const proxy = await startProxy({ listen: "127.0.0.1:0", target, services, tamper: sayingConfirmed });
    server.reach(proxy.address);
    try {
      expect(await refusal(server)).toMatch(/^(?!TAKEN)[^]*Nothing of this push was taken/);
    } finally {
      proxy.close();
    }
  },
  400_000,
);
