import type { VNode } from 'preact';

/** An input that its label stands for. */
export function FileInput({ id, accept, open }: { id: string; accept: string; open: (file: File) => void }): VNode {
  return (
    <input
      type="file"
      id={id}
      class="unseen"
      accept={accept}
      onChange={({ currentTarget }) => {
        const file = currentTarget.files?.[0];
        if (file) open(file);
        // The same file can be chosen again, e.g. once it is mended.
        currentTarget.value = '';
      }}
    />
  );
}
