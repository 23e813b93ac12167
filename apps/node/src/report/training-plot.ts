import type { EpochRecord } from '@residual/train';
import type { TopLevelSpec } from 'vega-lite';

const SIZE = { width: 250, height: 200 } as const;

/** Loss, error and learning rate of each epoch, side by side. */
export function trainingPlot(history: readonly EpochRecord[]): TopLevelSpec {
  const ticks = history.length <= 20 ? { values: history.map(({ epoch }) => epoch) } : {};
  const x = { field: 'epoch', type: 'quantitative', title: 'epoch', axis: { format: 'd', ...ticks } } as const;
  const both = (train: keyof EpochRecord, test: keyof EpochRecord) =>
    history.flatMap((record) => [
      { epoch: record.epoch, part: 'training', value: record[train] },
      ...(record[test] === undefined ? [] : [{ epoch: record.epoch, part: 'test', value: record[test] }]),
    ]);
  const panel = (title: string, values: object[], unit: string) =>
    ({
      ...SIZE,
      title,
      data: { values },
      mark: { type: 'line', point: history.length < 20 },
      encoding: {
        x,
        y: { field: 'value', type: 'quantitative', title: unit, scale: { zero: false } },
        color: { field: 'part', type: 'nominal', title: null, sort: ['training', 'test'] },
      },
    }) as const;
  const rates = history.map(({ epoch, learningRate }) => ({ epoch, learningRate }));
  const rate = {
    ...SIZE,
    title: 'learning rate',
    data: { values: rates },
    mark: { type: 'line', point: history.length < 20 },
    encoding: { x, y: { field: 'learningRate', type: 'quantitative', title: null } },
  } as const;
  return {
    background: 'white',
    hconcat: [
      panel('loss', both('trainLoss', 'testLoss'), 'cross-entropy'),
      panel('error', both('trainError', 'testError'), 'error (%)'),
      rate,
    ],
  };
}
