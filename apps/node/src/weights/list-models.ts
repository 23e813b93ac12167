import { listWeights, type PublishedWeights } from '@residual/weights/catalogue';
import { cacheFolder, folderCache } from '@residual/weights/node';
import Table from 'cli-table3';
import { UsageError } from '../usage-error.ts';

/** Prints the published weights that match a pattern. @throws UsageError where none does. */
export async function listModels(pattern: string | undefined, { json = false }: { json?: boolean }): Promise<void> {
  const all = listWeights(pattern);
  if (all.length === 0) {
    throw new UsageError(`${pattern}: expected a pattern of models, such as 'resnet*', got one that matches none`);
  }
  const kept = await folderCache(cacheFolder()).list();
  const isKept = ({ urls, repo }: PublishedWeights) =>
    kept.some(({ url, isWhole }) => isWhole && (url === urls[0] || (repo !== undefined && isOfRepo(url, repo))));
  const text = json
    ? all.map((weights) => JSON.stringify({ ...weights, isCached: isKept(weights) })).join('\n')
    : weightsTable(all, isKept);
  process.stdout.write(`${text}\n`);
}

function isOfRepo(url: string, repo: string): boolean {
  return url.includes(`/${repo}/resolve/`) && url.endsWith('/model.safetensors');
}

function weightsTable(all: readonly PublishedWeights[], isKept: (weights: PublishedWeights) => boolean): string {
  const table = new Table({
    head: ['model', 'weights', 'parameters', 'size', 'top-1', 'at', 'licence', 'cached'],
    colAligns: ['left', 'left', 'right', 'right', 'right', 'right', 'left', 'left'],
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
    style: { head: [], border: [] },
  });
  for (const weights of all) {
    const { model, name, parameters, sizeMiB, metrics, preset, licence } = weights;
    const best = metrics[0];
    table.push([
      model,
      name,
      `${(parameters / 1e6).toFixed(1)} M`,
      `${sizeMiB.toFixed(1)} MiB`,
      best ? `${best.top1Percent.toFixed(2)} %` : '–',
      `${preset.cropPx} px`,
      licence,
      isKept(weights) ? 'yes' : '',
    ]);
  }
  return table.toString();
}
