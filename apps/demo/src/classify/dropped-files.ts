import type { Actions } from '../session/actions.ts';
import { sortFiles } from './sort-files.ts';

/** Opens the files that are dropped or pasted anywhere on the page. Gives what ends that. */
export function openDroppedFiles(actions: Actions): () => void {
  const ending = new AbortController();
  const { signal } = ending;
  const { classList } = document.documentElement;
  const open = (files: Iterable<File>): void => {
    const { weights, pictures } = sortFiles(files);
    if (weights) void actions.openWeights({ kind: 'file', file: weights });
    if (pictures.length > 0) void actions.openPictures(pictures);
  };
  document.addEventListener(
    'dragover',
    (event) => {
      event.preventDefault();
      classList.add('dragging');
    },
    { signal },
  );
  document.addEventListener(
    'dragleave',
    ({ relatedTarget }) => {
      if (relatedTarget === null) classList.remove('dragging');
    },
    { signal },
  );
  document.addEventListener(
    'drop',
    (event) => {
      event.preventDefault();
      classList.remove('dragging');
      open(event.dataTransfer?.files ?? []);
    },
    { signal },
  );
  document.addEventListener('paste', ({ clipboardData }) => open(clipboardData?.files ?? []), { signal });
  return () => ending.abort();
}
