export interface SortedFiles {
  readonly weights: File | undefined;
  readonly picture: File | undefined;
}

/** Tells dropped and pasted files apart by their names: the first weights file and the first of another kind. */
export function sortFiles(files: Iterable<File>): SortedFiles {
  const list = [...files];
  const isWeights = ({ name }: File) => /\.(pth|pt|th|bin|ckpt|safetensors|tar)$/i.test(name);
  return { weights: list.find(isWeights), picture: list.find((file) => !isWeights(file)) };
}
