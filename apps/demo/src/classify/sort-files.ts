export interface SortedFiles {
  readonly weights: File | undefined;
  readonly pictures: readonly File[];
}

/** Endings of weights files, as a browser's file dialog takes them. */
export const WEIGHTS_ENDINGS: readonly string[] = [
  ...['.pth', '.pt', '.th', '.t7', '.bin', '.ckpt', '.tar', '.safetensors'],
  ...['.pkl', '.npz', '.h5', '.hdf5', '.keras'],
];

/** Tells dropped and pasted files apart by their names: the first weights file, and all of another kind. */
export function sortFiles(files: Iterable<File>): SortedFiles {
  const list = [...files];
  const isWeights = ({ name }: File) => WEIGHTS_ENDINGS.some((ending) => name.toLowerCase().endsWith(ending));
  return { weights: list.find(isWeights), pictures: list.filter((file) => !isWeights(file)) };
}
