/** How long a session may rest in a tab before the tab ends it. */
export const IDLE_MS = 1_800_000;

const SIGNS = ["pointerdown", "keydown", "wheel", "touchstart"] as const;

/** Calls `onIdle` once nobody has done anything in this tab for so long. Returns what stops it. */
export function watchIdle(target: EventTarget, onIdle: () => void, idleMs: number = IDLE_MS): () => void {
  let timer = setTimeout(onIdle, idleMs);
  const live = (): void => {
    clearTimeout(timer);
    timer = setTimeout(onIdle, idleMs);
  };
  for (const sign of SIGNS) target.addEventListener(sign, live, { passive: true });
  return () => {
    clearTimeout(timer);
    for (const sign of SIGNS) target.removeEventListener(sign, live);
  };
}
