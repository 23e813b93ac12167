import { Command } from 'commander';
import { decodeOptions, modelOptions } from './model-options.ts';

/** `residual search`. */
export function searchCommand(signal: AbortSignal): Command {
  const command = new Command('search')
    .description('Find the pictures most like another, by the cosine of their embeddings.')
    .argument('<folder>', 'of pictures to search, without hidden files; or a FILE.npy of residual embed')
    .argument('<image>', 'the picture that they are to be like: a file, an address, or - for standard input');
  return decodeOptions(modelOptions(command))
    .option('--top <k>', 'pictures that are shown', '5')
    .option('--index <file>', 'of usearch, for a FILE.npy with very many rows: built where it is not there, then used')
    .option('--json', 'a line of JSON per picture instead of a table')
    .addHelpText(
      'after',
      `
Examples:
  residual search photos cat.jpg --model resnet50 --weights resnet50.pth
  residual embed photos --model resnet50 --weights resnet50.pth --out photos.npy
  residual search photos.npy cat.jpg --model resnet50 --weights resnet50.pth   # at once, as often as you like
  residual search photos.npy cat.jpg --index photos.usearch --model resnet50 --weights resnet50.pth   # of millions`,
    )
    .action(async (folder, image, flags) => {
      const { searchImages } = await import('../search/search-images.ts');
      process.exitCode = await searchImages(folder, image, flags, signal);
    });
}
