import { didYouMean } from '@residual/resnet';
import { UsageError } from '../usage-error.ts';

/** What `--data KIND:DIR` names. */
export interface DataSource {
  readonly kind: DataKind;
  readonly folder: string;
}

const kinds = ['cifar10', 'cifar100', 'folder'] as const;
export type DataKind = (typeof kinds)[number];

/** @throws UsageError for a kind that there is not. */
export function parseDataSource(data: string): DataSource {
  const [, kind, folder] = /^([^:]+):(.+)$/.exec(data) ?? [];
  const known = kinds.find((one) => one === kind);
  if (known !== undefined && folder !== undefined) return { kind: known, folder };
  throw new UsageError(
    `--data: expected ${kinds.map((one) => `${one}:DIR`).join(', ')}, got '${data}'${didYouMean(kind ?? data, kinds)}`,
  );
}
