import { openArchive } from './archives/open-archive.ts';
import type { FoundImage } from './find-images.ts';

/** How far a run is: the input that it is at, and how many of that input's pictures it has seen. */
export interface Place {
  readonly input: number;
  readonly pictures: number;
}

/** A picture, and where the ones after it begin. */
export interface LocatedImage extends FoundImage {
  readonly next: Place;
}

export const START: Place = { input: 0, pictures: 0 };

/** The pictures of inputs, in their order: each that is one itself, and those of each archive, which is opened in its turn. */
export async function* picturesOf(
  inputs: readonly FoundImage[],
  signal: AbortSignal,
  start: Place = START,
): AsyncGenerator<LocatedImage, void, undefined> {
  for (let input = start.input; input < inputs.length; input++) {
    const found = inputs[input]!;
    const { archive } = found;
    if (archive === undefined) {
      yield { ...found, next: { input: input + 1, pictures: 0 } };
      continue;
    }
    const skip = input === start.input ? start.pictures : 0;
    let pictures = skip;
    for await (const image of openArchive({ ...found, archive }, { skip, signal })) {
      pictures += 1;
      yield { ...image, next: { input, pictures } };
    }
  }
}

/** How many there are, where that can be told without opening archives. */
export function countOf(inputs: readonly FoundImage[]): number | undefined {
  return hasArchives(inputs) ? undefined : inputs.length;
}

/** Whether there are pictures among them that have a key, and may have a class. */
export function hasArchives(inputs: readonly FoundImage[]): boolean {
  return inputs.some(({ archive }) => archive !== undefined);
}
