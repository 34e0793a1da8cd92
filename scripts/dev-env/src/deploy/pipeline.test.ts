// The gate as it stands in the pipeline files and on the how-to pages, taken from there and run.
import { afterAll, beforeAll, expect } from "@jest/globals";
import { tempFolder, testWith } from "@countersign/testing";
import { Reason } from "../scenarios/hands.ts";
import { Scene } from "../scenarios/scene.ts";
import { hasGit } from "./git-server.ts";
import { recipeOf, Runner, stepsOf } from "./runner.ts";

const peerTest = testWith("git", hasGit);
const folder = tempFolder();
let scene: Scene;

beforeAll(async () => {
  scene = await Scene.open({ folder, mode: "B" });
  await scene.stopBank();
}, 400_000);
afterAll(() => scene?.close());

/** Steps run one after the other, each in a shell of its own, up to the first that fails. */
const stepByStep = (steps: readonly string[]): string =>
  steps.map((step) => `bash -e <<'THE_END_OF_IT'\n${step}\nTHE_END_OF_IT\n`).join("[ $? -eq 0 ] || exit 1\n");

interface Row {
  readonly script: () => string;
  readonly shell: readonly [string, ...string[]];
  /** How tools are called before the gate, and behind it. */
  readonly before: readonly string[];
  readonly behind: readonly string[];
}

const DEPLOY = { before: [], behind: ["deploy release.tar"] };
const ROWS: readonly (readonly [string, Row])[] = [
  ["github-actions.yml", { script: () => stepByStep(stepsOf("github-actions.yml")), shell: ["bash"], ...DEPLOY }],
  ["gitlab-ci.yml", { script: () => stepsOf("gitlab-ci.yml").join("\n"), shell: ["bash", "-e"], ...DEPLOY }],
  [
    "how-to/use-with-terraform.md",
    {
      script: () => recipeOf("how-to/use-with-terraform.md"),
      shell: ["sh"],
      ...{ before: ["terraform plan -out plan.out"], behind: ["terraform apply plan.out"] },
    },
  ],
  [
    "how-to/kubernetes-gate.md",
    {
      script: () => recipeOf("how-to/kubernetes-gate.md"),
      shell: ["sh"],
      ...{ before: ["kubectl kustomize overlays/prod"], behind: ["kubectl apply -f manifests.yaml"] },
    },
  ],
  [
    "how-to/use-with-vault.md",
    {
      script: () => recipeOf("how-to/use-with-vault.md"),
      shell: ["sh"],
      ...{ before: [], behind: ["vault kv get secret/prod/db"] },
    },
  ],
];

/** What the pipeline's own host says of a run. */
const ofRun = (run: string): NodeJS.ProcessEnv => ({
  ...{ RUN: run, WHO: "erika", USER: "erika", COMMIT: "4be9ac1", TARGET: "refs/tags/prod-1" },
  ...{
    CI_PIPELINE_ID: run,
    CI_JOB_ID: "7",
    GITLAB_USER_LOGIN: "erika",
    CI_COMMIT_SHA: "4be9ac1",
    CI_COMMIT_TAG: "prod-1",
  },
});

peerTest.each(ROWS)(
  "%s: confirmed, the tool is called once; rejected, and with the core away, never, and the job stops",
  async (name, { script, shell, before, behind }) => {
    const approver = await scene.user();
    const runner = new Runner(scene.installation, approver.desk.userId);
    const away = runner.start(shell, script(), { ...ofRun(`${name}-1`), COUNTERSIGN_CORE: "127.0.0.1:9" });
    const awayEnd = await away.ended;
    expect(awayEnd.output).toContain("does not answer");
    expect(awayEnd.exitCode).not.toBe(0);
    expect(runner.calls()).toEqual(before);

    const rejected = runner.start(shell, script(), ofRun(`${name}-2`));
    const rejecting = approver.run("approve", await rejected.tag);
    await approver.hands.keyShows("pages");
    await approver.hands.reject(Reason.WRONG_DATA);
    await rejecting.ended;
    expect((await rejected.ended).exitCode).not.toBe(0);
    expect(runner.calls()).toEqual([...before, ...before]);

    const job = runner.start(shell, script(), ofRun(`${name}-3`));
    const approving = approver.run("approve", await job.tag);
    await approver.hands.confirm();
    await approving.ended;
    const { output, exitCode } = await job.ended;
    expect({ exitCode, output }).toEqual({ exitCode: 0, output });
    expect(runner.calls()).toEqual([...before, ...before, ...before, ...behind]);
  },
  400_000,
);
