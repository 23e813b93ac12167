import { Command } from 'commander';

/** `residual cache`. */
export function cacheCommand(): Command {
  const list = new Command('list')
    .description('List the files: downloads, whole or in part, and weights as the native kernels packed them.')
    .option('--json', 'a line of JSON for each instead of a table')
    .action(async (flags) => {
      const { listCache } = await import('../weights/cache-contents.ts');
      await listCache(flags);
    });
  const clear = new Command('clear').description('Remove them all.').action(async () => {
    const { emptyCache } = await import('../weights/cache-contents.ts');
    await emptyCache();
  });
  return new Command('cache')
    .description('Weights that were downloaded or packed: RESIDUAL_HOME, else residual in XDG_CACHE_HOME or ~/.cache.')
    .addCommand(list)
    .addCommand(clear)
    .addHelpText(
      'after',
      `
Examples:
  residual cache list
  residual cache clear`,
    );
}
