import { BenchError } from '../bench-error.ts';
import { type BrowserOptions, parseBrowserOptions } from '../browser/browser-options.ts';
import { type BenchFlags, type BenchOptions, chosen, parseOptions } from '../options.ts';
import { profiledEngines } from './profile-bench.ts';

/** What is to be profiled in Node. @throws BenchError for what is not understood. */
export function parseProfileOptions(flags: BenchFlags): BenchOptions {
  if (flags.peers !== undefined) throw new BenchError('--peers: expected none with --profile, got some; leave it out');
  const known = flags.training ? (['native'] as const) : profiledEngines;
  const engines = chosen('--engines', flags.engines ?? 'native', known).join(',');
  const training = { model: 'resnet20', batch: '128', size: '32' };
  return parseOptions({ rounds: '20', ...(flags.training ? training : {}), ...flags, engines });
}

/** What is to be profiled in the browser. @throws BenchError for what is not understood. */
export function parseBrowserProfileOptions(flags: BenchFlags): BrowserOptions {
  if (flags.training) throw new BenchError('--training: expected it without --browser, got both; leave one out');
  const engines = chosen('--engines', flags.engines ?? 'webgpu', ['webgpu', 'wasm'] as const).join(',');
  return parseBrowserOptions({ rounds: '3', ...flags, engines });
}
