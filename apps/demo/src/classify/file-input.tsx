import type { VNode } from 'preact';

/** An input that its label stands for, for one file or for several. */
export function FileInput(props: {
  id: string;
  accept: string;
  multiple?: boolean;
  open: (files: readonly [File, ...File[]]) => void;
}): VNode {
  const { id, accept, multiple, open } = props;
  return (
    <input
      type="file"
      id={id}
      class="unseen"
      accept={accept}
      multiple={multiple}
      onChange={({ currentTarget }) => {
        const [first, ...others] = currentTarget.files ?? [];
        if (first) open([first, ...others]);
        // The same file can be chosen again, e.g. once it is mended.
        currentTarget.value = '';
      }}
    />
  );
}
