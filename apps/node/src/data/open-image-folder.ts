import { type ImageFolder, readImageFolder } from '@residual/train/node';
import type { DecodeOptions } from '@residual/vision';
import { counted, folderNote, listNames } from '../folder-note.ts';
import { say } from '../terminal/output.ts';

/** Class folders, of which stderr is told what they have besides pictures, and pictures of no class. @throws TrainError */
export async function openImageFolder(root: string, decode: DecodeOptions = {}): Promise<ImageFolder> {
  const folder = await readImageFolder(root, decode);
  const { files, others, hidden, unsorted } = folder;
  const note = folderNote(root, { pictures: files, others, hidden });
  if (note !== undefined) say(note);
  if (unsorted.length > 0)
    say(`${root}: ${counted(unsorted.length, 'picture')} left out, of no class's folder: ${listNames(unsorted)}`);
  return folder;
}
