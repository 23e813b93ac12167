import { didYouMean } from '@residual/resnet';
import { listWeights, type PublishedWeights } from '@residual/weights/catalogue';
import { cacheFolder, folderCache } from '@residual/weights/node';
import { print, printJson } from '../terminal/output.ts';
import { type Column, textTable } from '../terminal/text-table.ts';
import { UsageError } from '../usage-error.ts';

/** Prints the published weights that match a pattern. @throws UsageError where none does. */
export async function listModels(pattern: string | undefined, { json = false }: { json?: boolean }): Promise<void> {
  const all = listWeights(pattern);
  if (all.length === 0) {
    const names = [...new Set(listWeights().map(({ model }) => model))];
    const expected = "expected a pattern of models, such as 'resnet*', got one that matches none";
    throw new UsageError(`${pattern}: ${expected}${didYouMean(pattern!, names)}`);
  }
  const kept = await folderCache(cacheFolder()).list();
  const isKept = ({ urls, repo }: PublishedWeights) =>
    kept.some(({ url, isWhole }) => isWhole && (url === urls[0] || (repo !== undefined && isOfRepo(url, repo))));
  if (!json) print(...weightsTable(all, isKept));
  else for (const weights of all) printJson({ ...weights, isCached: isKept(weights) });
}

function isOfRepo(url: string, repo: string): boolean {
  return url.includes(`/${repo}/resolve/`) && url.endsWith('/model.safetensors');
}

/** The names, by which weights are asked for, stay whole as long as they can. */
const COLUMNS: readonly Column[] = [
  { head: 'model', cut: 'end' },
  { head: 'weights', cut: 'end' },
  { head: 'parameters', align: 'right', leaveOut: 1 },
  { head: 'size', align: 'right', leaveOut: 4 },
  { head: 'top-1', align: 'right', leaveOut: 6 },
  { head: 'at', align: 'right', leaveOut: 2 },
  { head: 'licence', leaveOut: 5 },
  { head: 'cached', leaveOut: 3 },
];

function weightsTable(
  all: readonly PublishedWeights[],
  isKept: (weights: PublishedWeights) => boolean,
): readonly string[] {
  const rows = all.map((weights) => {
    const { model, name, parameters, sizeMiB, metrics, preset, licence } = weights;
    const best = metrics[0];
    return [
      model,
      name,
      `${(parameters / 1e6).toFixed(1)} M`,
      `${sizeMiB.toFixed(1)} MiB`,
      best ? `${best.top1Percent.toFixed(2)} %` : '–',
      `${preset.cropPx} px`,
      licence,
      isKept(weights) ? 'yes' : '',
    ];
  });
  return textTable(COLUMNS, rows, { style: 'compact' });
}
