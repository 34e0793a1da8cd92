/** So many of them at even distances, in an order that takes far ones after each other; all of them, again, where they are fewer. */
export function spread<T>(all: readonly T[], count: number): T[] {
  if (all.length === 0) throw new Error("there is nothing to choose from");
  const step = strideFor(count);
  return Array.from({ length: count }, (_, i) => {
    const place = (i * step) % count;
    return all[Math.floor((place * all.length) / count) % all.length]!;
  });
}

/** About the golden section of `count`, without a common divisor. */
function strideFor(count: number): number {
  let stride = Math.max(1, Math.floor(count * 0.618));
  while (divisor(stride, count) !== 1) stride += 1;
  return stride;
}

function divisor(a: number, b: number): number {
  return b === 0 ? a : divisor(b, a % b);
}
