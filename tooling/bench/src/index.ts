import { type BenchReport, bench } from './bench.ts';
import { browserBench } from './browser/browser-bench.ts';
import { parseBrowserOptions } from './browser/browser-options.ts';
import { formatBrowserReport } from './browser/browser-report.ts';
import { buildKernels } from './build-kernels.ts';
import { type BenchFlags, parseOptions } from './options.ts';
import { writePlot } from './plot.ts';
import { formatReport } from './report.ts';
import { timesPlot } from './times-plot.ts';

export type { BenchReport } from './bench.ts';
export { BenchError } from './bench-error.ts';
export type { BenchFlags } from './options.ts';
export type { Ratio, Row } from './rows.ts';

/**
 * Measures, prints, and draws the plot; progress goes to stderr.
 *
 * @returns The command's exit code: 1 where an engine that was asked for by name is missing, else 0.
 * @throws BenchError for options that are not understood.
 */
export async function runBench(flags: BenchFlags, signal: AbortSignal): Promise<number> {
  if (flags.browser) return runBrowserBench(flags, signal);
  const options = parseOptions(flags);
  if ([...options.engines, ...options.peers].includes('native')) await buildKernels();
  const report = await bench(options, { signal, say: (line) => process.stderr.write(`${line}\n`) });
  process.stdout.write(flags.json ? `${JSON.stringify(report)}\n` : formatReport(report));
  await draw(report, flags);
  const asked = [flags.engines, flags.peers].join(',').split(',');
  return report.missing.some(({ engine }) => asked.includes(engine.split(' ')[0]!)) ? 1 : 0;
}

async function runBrowserBench(flags: BenchFlags, signal: AbortSignal): Promise<number> {
  const say = (line: string): boolean => process.stderr.write(`${line}\n`);
  const report = await browserBench(parseBrowserOptions(flags), { signal, say });
  process.stdout.write(flags.json ? `${JSON.stringify(report)}\n` : formatBrowserReport(report));
  return report.missing.length > 0 ? 1 : 0;
}

async function draw(report: BenchReport, { plot, json }: BenchFlags): Promise<void> {
  const file = plot ?? (json ? undefined : 'residual-bench.svg');
  if (file === undefined || report.rows.length === 0) return;
  await writePlot(file, timesPlot(report));
  process.stderr.write(`plot: ${file}\n`);
}
