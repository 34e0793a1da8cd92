const PREFIX = "countersign.payment.";
/** A page that is loaded anew gets its lock back from the one before it within this time. */
const USUALLY_MS = 1_500;

/**
 * Runs `work` while no other tab of this browser has this payment. A tab that was duplicated waits until the first one lets
 * go; `elsewhere` tells so, and that it is over.
 */
export async function inOneTab(
  requestId: string,
  elsewhere: (isElsewhere: boolean) => void,
  work: () => Promise<void>,
): Promise<void> {
  const timer = setTimeout(() => elsewhere(true), USUALLY_MS);
  await navigator.locks.request(PREFIX + requestId, async () => {
    clearTimeout(timer);
    elsewhere(false);
    await work();
  });
}

/** Whether another tab of this browser has a payment on its way. */
export async function isPayingElsewhere(ownRequestId: string | undefined): Promise<boolean> {
  const { held = [] } = await navigator.locks.query();
  return held.some(({ name = "" }) => name.startsWith(PREFIX) && name !== PREFIX + (ownRequestId ?? ""));
}
