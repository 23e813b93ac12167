import Table from 'cli-table3';
import type { ProfiledModel, ProfileReport } from './profile-bench.ts';
import type { RooflineStep, RooflineTotal } from './roofline.ts';

/** Of the whole time: steps below it are one row. */
const LEAST_SHARE = 0.002;

const LEGEND = [
  'GMAC/s: multiply-adds of the convolution as it is defined, so that Winograd, which does fewer, can pass 100 % of the peak.',
  'GB/s: weights, inputs and output, each once; what lies in caches can pass 100 % of the bandwidth.',
  'to gain: time beyond what the multiply-adds (of Winograd those that it does) at peak or the bytes at full bandwidth take.',
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
  const shown = steps.filter(({ share }) => share >= LEAST_SHARE);
  for (const step of shown) {
    const filter = step.filterShape?.slice(0, 2).join('×') ?? '';
    table.push([placeOf(step), step.algorithm, step.shape.join('×'), filter, ...numbersOf(step)]);
  }
  const rest = steps.filter((step) => !shown.includes(step));
  const [restMs, restGainMs] = [rest.map(({ timeMs }) => timeMs), rest.map(({ gainMs }) => gainMs)].map((times) =>
    times.reduce((sum, ms) => sum + ms, 0),
  ) as [number, number];
  if (rest.length > 0) {
    const share = percent(restMs / total.timeMs, 1);
    const place = `${rest.length} others, each below ${percent(LEAST_SHARE, 1)}`;
    table.push([place, '', '', '', restMs.toFixed(3), share, '', '', '', '', restGainMs.toFixed(3)]);
  }
  table.push(['total', '', '', '', ...numbersOf(total)]);
  return table.toString();
}

/** Whose name says enough. */
const PLAIN = ['Conv2D', 'FusedConv2D', 'BatchMatMul', 'FusedMatMul', 'Input', 'Output'];

/** Other steps have the name of what they follow or are the gradient of. */
function placeOf({ name, kind }: RooflineStep): string {
  return name === kind || PLAIN.includes(kind) ? name : `${name}, ${kind}`;
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
