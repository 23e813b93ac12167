import { type BenchHooks, type BenchReport, bench } from './bench.ts';
import { BenchError } from './bench-error.ts';
import { browserBench } from './browser/browser-bench.ts';
import { parseBrowserOptions } from './browser/browser-options.ts';
import { formatBrowserReport } from './browser/browser-report.ts';
import { buildKernels } from './build-kernels.ts';
import { type BenchFlags, parseOptions } from './options.ts';
import { writePlot } from './plot.ts';
import { type ProfileReport, profileBench } from './profile/profile-bench.ts';
import { profileInBrowser } from './profile/profile-in-browser.ts';
import { parseBrowserProfileOptions, parseProfileOptions } from './profile/profile-options.ts';
import { rooflinePlot } from './profile/roofline-plot.ts';
import { formatProfiles } from './profile/roofline-report.ts';
import { formatReport } from './report.ts';
import { runnerKinds } from './runners/runners.ts';
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
  if (flags.training && !flags.profile)
    throw new BenchError('--training: expected --profile beside it, got it alone; add --profile');
  if (flags.profile) return runProfile(flags, signal);
  if (flags.browser) return runBrowserBench(flags, signal);
  const options = parseOptions(flags);
  if ([...options.engines, ...options.peers].includes('native')) await buildKernels();
  const report = await bench(options, { signal, say: (line) => process.stderr.write(`${line}\n`) });
  process.stdout.write(flags.json ? `${JSON.stringify(report)}\n` : formatReport(report));
  await draw(report, flags);
  const asked = [flags.engines, flags.peers].join(',').split(',');
  return asked.some((engine) => isMissing(engine, report)) ? 1 : 0;
}

/** One of Residual's in any precision that was asked for; a peer altogether. */
function isMissing(engine: string, { rows, missing }: BenchReport): boolean {
  if (!missing.some((one) => one.engine.split(' ', 1)[0] === engine)) return false;
  return runnerKinds().get(engine)?.isOurs === true || !rows.some((row) => row.engine === engine);
}

async function runBrowserBench(flags: BenchFlags, signal: AbortSignal): Promise<number> {
  const say = (line: string): boolean => process.stderr.write(`${line}\n`);
  const report = await browserBench(parseBrowserOptions(flags), { signal, say });
  process.stdout.write(flags.json ? `${JSON.stringify(report)}\n` : formatBrowserReport(report));
  return report.missing.length > 0 ? 1 : 0;
}

async function runProfile(flags: BenchFlags, signal: AbortSignal): Promise<number> {
  const hooks = { signal, say: (line: string) => void process.stderr.write(`${line}\n`) };
  const report = await (flags.browser
    ? profileInBrowser(parseBrowserProfileOptions(flags), hooks)
    : profileInNode(flags, hooks));
  process.stdout.write(flags.json ? `${JSON.stringify(report)}\n` : formatProfiles(report));
  const file = flags.plot ?? (flags.json ? undefined : 'residual-profile.svg');
  if (file !== undefined && report.profiles.length > 0) {
    await writePlot(file, rooflinePlot(report));
    hooks.say(`plot: ${file}`);
  }
  return report.missing.length > 0 ? 1 : 0;
}

async function profileInNode(flags: BenchFlags, hooks: BenchHooks): Promise<ProfileReport> {
  const options = parseProfileOptions(flags);
  if (options.engines.includes('native')) await buildKernels();
  return profileBench(options, flags.training ?? false, hooks);
}

async function draw(report: BenchReport, { plot, json }: BenchFlags): Promise<void> {
  const file = plot ?? (json ? undefined : 'residual-bench.svg');
  if (file === undefined || report.rows.length === 0) return;
  await writePlot(file, timesPlot(report));
  process.stderr.write(`plot: ${file}\n`);
}
