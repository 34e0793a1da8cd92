import type { JSX } from "preact";
import { useId, useState } from "preact/hooks";

interface FileDropProps {
  readonly label: string;
  readonly hint: string;
  /** As in the `accept` of an input. */
  readonly accept: string;
  readonly onFile: (file: File) => void;
}

/** Takes a file that is chosen or dropped: a field of the browser's own, which is also where things may be dropped. */
export function FileDrop({ label, hint, accept, onFile }: FileDropProps): JSX.Element {
  const [over, setOver] = useState(false);
  const described = useId();
  const take = (files: FileList | null | undefined): void => {
    const file = files?.item(0);
    if (file !== null && file !== undefined) onFile(file);
  };
  return (
    <div
      class={over ? "drop drop-over" : "drop"}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        take(event.dataTransfer?.files);
      }}
    >
      <label>
        {label}
        <input
          {...{ type: "file", accept }}
          aria-describedby={described}
          onChange={({ currentTarget }) => {
            take(currentTarget.files);
            // The same file may be chosen again once it was mended.
            currentTarget.value = "";
          }}
        />
      </label>
      <small id={described}>{hint}</small>
    </div>
  );
}
