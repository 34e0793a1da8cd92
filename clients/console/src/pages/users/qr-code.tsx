import type { JSX } from "preact";
import { encode } from "uqr";

/** Modules of white around it, which readers need. */
const QUIET = 4;

/** A QR code, drawn as one path. */
export function QrCode({ text, label }: { text: string; label: string }): JSX.Element {
  const { data } = encode(text, { border: QUIET });
  const dark = data.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])));
  return (
    <svg
      class="qr"
      role="img"
      aria-label={label}
      viewBox={`0 0 ${data.length} ${data.length}`}
      shape-rendering="crispEdges"
    >
      <rect width={data.length} height={data.length} fill="#fff" />
      <path d={dark.join("")} fill="#000" />
    </svg>
  );
}
