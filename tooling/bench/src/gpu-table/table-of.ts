import type { GpuReport } from '@residual/backend-webgpu/report';

/** Layers that a row names. */
const LAYERS = 2;

/** Reports of `docs/gpu` as a table, one row each, ordered by adapter and model. */
export function tableOf(reports: readonly GpuReport[]): string {
  const others = [...new Set(reports.flatMap(({ engines }) => engines.map(({ name }) => name)))].filter(
    (name) => name !== 'webgpu',
  );
  const head = [
    ...['adapter', 'runtime', 'model', 'built, first, warm in fp32, ms', 'in fp16, ms', 'fp16: difference, same class'],
    ...others.map((name) => `${name}: first, warm, ms`),
    'most of the time in fp32',
  ];
  const rows = reports.map((report) => rowOf(report, others)).sort((a, b) => (a.join() < b.join() ? -1 : 1));
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function rowOf(
  { adapter, runtime, model, sizePx, engines, ...parity }: GpuReport,
  others: readonly string[],
): string[] {
  const { largestDifference, largestLogit, sameTop1, pictures, times } = parity;
  const timesOf = ({ buildMs, firstMs, warmMs }: GpuReport['times']['fp32']): string =>
    [buildMs, firstMs, warmMs].map(milliseconds).join(', ');
  const engineOf = (name: string): string => {
    const engine = engines.find((one) => one.name === name);
    if (engine === undefined) return '';
    return 'problem' in engine ? 'did not run' : [engine.firstMs, engine.warmMs].map(milliseconds).join(', ');
  };
  const layers = [...times.fp32.layers].sort((a, b) => b.ms - a.ms).slice(0, LAYERS);
  return [
    adapter.description || [adapter.vendor, adapter.architecture].filter(Boolean).join(' '),
    browserOf(runtime),
    `${model}, ${sizePx}²`,
    timesOf(times.fp32),
    timesOf(times.fp16),
    `${(largestDifference / largestLogit).toExponential(1)}, ${sameTop1} of ${pictures}`,
    ...others.map(engineOf),
    layers.map(({ name, algorithm, ms }) => `${name} (${algorithm}) ${milliseconds(ms)}`).join(', '),
  ].map((cell) => cell.replaceAll('|', '\\|'));
}

function milliseconds(ms: number): string {
  return ms >= 100 ? ms.toFixed(0) : ms.toPrecision(3);
}

/** A browser's name and version out of what it says of itself; Node as it is. */
function browserOf(runtime: string): string {
  const [found] =
    /(?:Firefox|Edg|HeadlessChrome|Chrome)\/[\d]+/.exec(runtime) ?? /Version\/[\d.]+ Safari/.exec(runtime) ?? [];
  return found?.replace('/', ' ') ?? runtime;
}
