import Table from 'cli-table3';
import type { ProfiledModel, ProfileReport } from './profile-bench.ts';
import type { RooflineStep, RooflineTotal } from './roofline.ts';

const LEGEND = [
  'GMAC/s: multiply-adds of the convolution as it is defined, so that Winograd, which does fewer, can pass 100 % of the peak.',
  'GB/s: weights, inputs and output, each once; what lies in caches can pass 100 % of the bandwidth.',
  'to gain: time beyond what the multiply-adds at peak or the bytes at full bandwidth would take, whichever is more.',
];

/** A table for each model and engine, the steps with most to gain first. */
export function formatProfiles({ cpu, profiles, missing }: ProfileReport): string {
  const lines = [
    cpu,
    ...profiles.map((profile) => `\n${heading(profile)}\n${tableOf(profile)}`),
    ...(profiles.length > 0 ? ['', ...LEGEND] : []),
    ...missing.map(({ engine, reason }) => `${engine} is left out: ${reason}`),
  ];
  return `${lines.join('\n')}\n`;
}

function heading({ model, batch, engine, device, isTraining, roofline }: ProfiledModel): string {
  const { limits, runs, runMs, note } = roofline;
  const what = `${model}${isTraining ? ', a step of training' : ''}, batch ${batch}: ${engine} (${device})`;
  const peak = `peak ${giga(limits.multiplyAddsPerSecond)} GMAC/s, memory ${giga(limits.bytesPerSecond)} GB/s`;
  return [
    `${what}; ${runMs.toFixed(2)} ms a run, medians of ${runs}`,
    `${peak} (${limits.how})`,
    ...(note === undefined ? [] : [note]),
  ].join('\n');
}

function tableOf({ roofline: { steps, total } }: ProfiledModel): string {
  const table = new Table({
    head: [
      'step',
      'algorithm',
      'result',
      'filter',
      'ms',
      'share',
      'GMAC/s',
      'of peak',
      'GB/s',
      'of memory',
      'to gain ms',
    ],
    colAligns: ['left', 'left', 'left', 'left', ...new Array<'right'>(7).fill('right')],
    style: { head: [], border: [], compact: true },
  });
  for (const step of steps) {
    const filter = step.filterShape?.slice(0, 2).join('×') ?? '';
    table.push([placeOf(step), step.algorithm, step.shape.join('×'), filter, ...numbersOf(step)]);
  }
  table.push(['total', '', '', '', ...numbersOf(total)]);
  return table.toString();
}

/** What has no parameters of its own has the name of what it follows. */
export function placeOf({ name, kind, filterShape, multiplyAdds }: RooflineStep): string {
  const isNamed =
    filterShape !== undefined || multiplyAdds > 0 || name === kind || kind === 'Input' || kind === 'Output';
  return isNamed ? name : `${name}, ${kind}`;
}

function numbersOf(step: RooflineTotal): string[] {
  const { timeMs, share, multiplyAdds, multiplyAddsPerSecond, ofPeak, bytesPerSecond, ofBandwidth, gainMs } = step;
  const computes = multiplyAdds > 0;
  return [
    timeMs.toFixed(3),
    percent(share, 1),
    computes ? giga(multiplyAddsPerSecond) : '',
    computes ? percent(ofPeak, 0) : '',
    giga(bytesPerSecond),
    percent(ofBandwidth, 0),
    gainMs.toFixed(3),
  ];
}

function giga(count: number): string {
  return (count / 1e9).toFixed(1);
}

function percent(share: number, digits: number): string {
  return `${(100 * share).toFixed(digits)} %`;
}
