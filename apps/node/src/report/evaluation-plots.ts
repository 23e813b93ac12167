import type { Evaluation } from '@residual/train';
import type { TopLevelSpec } from 'vega-lite';

/** With more classes than these, cells have no numbers in them, and bars no names. */
const NAMED_CLASSES = 40;

/** The share of each class's pictures that are classified right, as bars. */
export function perClassPlot({ perClass }: Evaluation, classes: readonly string[]): TopLevelSpec {
  const values = classes.map((name, index) => ({ class: name, right: perClass[index] }));
  const isNamed = classes.length <= NAMED_CLASSES;
  return {
    background: 'white',
    width: 520,
    height: isNamed ? { step: 22 } : 600,
    data: { values },
    mark: 'bar',
    encoding: {
      y: { field: 'class', type: 'nominal', title: null, sort: null, axis: isNamed ? {} : null },
      x: { field: 'right', type: 'quantitative', title: 'right (%)', scale: { domain: [0, 100] } },
    },
  };
}

/** True classes against answers; a row's colours are shares of its class. */
export function confusionPlot({ confusion }: Evaluation, classes: readonly string[]): TopLevelSpec {
  const values = confusion.flatMap((row, label) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    return row.flatMap((count, answer) =>
      count === 0 ? [] : [{ true: classes[label], answer: classes[answer], count, share: count / total }],
    );
  });
  const isNamed = classes.length <= NAMED_CLASSES;
  const axis = isNamed ? { labelLimit: 120 } : null;
  const scale = { domain: [...classes] };
  const y = { field: 'true', type: 'nominal', title: 'true class', scale, axis } as const;
  const xAxis = axis && { ...axis, labelAngle: -45, orient: 'top' as const };
  const x = { field: 'answer', type: 'nominal', title: 'answer', scale, axis: xAxis } as const;
  const color = { field: 'share', type: 'quantitative', title: 'share', scale: { scheme: 'blues' } } as const;
  const dark = { test: 'datum.share > 0.5', value: 'white' };
  const numbers = {
    mark: { type: 'text', fontSize: 10 },
    encoding: { x, y, text: { field: 'count' }, color: { condition: dark, value: '#333' } },
  } as const;
  return {
    background: 'white',
    width: isNamed ? { step: 38 } : 600,
    height: isNamed ? { step: 26 } : 600,
    data: { values },
    layer: [{ mark: 'rect', encoding: { x, y, color } }, ...(isNamed ? [numbers] : [])],
  };
}
