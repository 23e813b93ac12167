#!/usr/bin/env node
import { createRequire } from 'node:module';
import { Command, CommanderError } from 'commander';
import { benchCommand } from './commands/bench.ts';
import { cacheCommand } from './commands/cache.ts';
import { classifyCommand } from './commands/classify.ts';
import { degradationCommand } from './commands/degradation.ts';
import { embedCommand } from './commands/embed.ts';
import { evaluateCommand } from './commands/evaluate.ts';
import { explainCommand } from './commands/explain.ts';
import { exportCommand } from './commands/export.ts';
import { fineTuneCommand } from './commands/fine-tune.ts';
import { gpuReportCommand } from './commands/gpu-report.ts';
import { modelsCommand } from './commands/models.ts';
import { searchCommand } from './commands/search.ts';
import { serveCommand } from './commands/serve.ts';
import { summaryCommand } from './commands/summary.ts';
import { trainCommand } from './commands/train.ts';
import { exitCode } from './exit-code.ts';
import { Interruption } from './interruption.ts';
import { reportError } from './report-error.ts';
import { printable } from './terminal/printable.ts';

const { version } = createRequire(import.meta.url)('../package.json') as { version: string };

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // The reader of a pipe has had enough: `| head -1`.
  if (error.code === 'EPIPE') process.exit(exitCode.success);
  process.exit(reportError(error));
});

const interruption = new AbortController();
process.once('SIGINT', () => interruption.abort(new Interruption()));
// A command that was started by another ends with it.
process.once('disconnect', () => interruption.abort(new Interruption()));
process.channel?.unref();

// A script of the repository's root runs there; names of files are those of the folder that it was called in.
const { npm_package_name: project, npm_lifecycle_event: script, INIT_CWD: calledIn } = process.env;
if (project === 'residual-monorepo' && (script === 'residual' || script === 'classify')) process.chdir(calledIn ?? '.');

const program = new Command('residual')
  .description(
    'ResNets in Node: classify, embed, search and explain pictures; serve, evaluate, train, fine-tune, export, summarise.',
  )
  .version(version)
  .addCommand(classifyCommand(interruption.signal))
  .addCommand(embedCommand(interruption.signal))
  .addCommand(searchCommand(interruption.signal))
  .addCommand(explainCommand(interruption.signal))
  .addCommand(evaluateCommand(interruption.signal))
  .addCommand(serveCommand(interruption.signal))
  .addCommand(summaryCommand(interruption.signal))
  .addCommand(modelsCommand())
  .addCommand(cacheCommand())
  .addCommand(exportCommand(interruption.signal))
  .addCommand(benchCommand(interruption.signal))
  .addCommand(gpuReportCommand(interruption.signal))
  .addCommand(trainCommand(interruption.signal))
  .addCommand(fineTuneCommand(interruption.signal))
  .addCommand(degradationCommand(interruption.signal));

try {
  for (const command of [program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)]) {
    command.exitOverride();
    command.configureOutput({ outputError: (text, write) => write(`residual: ${printable(oneLine(text))}\n`) });
  }
  await program.parseAsync();
} catch (error) {
  // Commander has said what it has to say; help and version end in 0.
  const isAnswered = error instanceof CommanderError;
  process.exitCode = isAnswered ? (error.exitCode === 0 ? exitCode.success : exitCode.badInput) : reportError(error);
}

function oneLine(text: string): string {
  const line = text
    .trim()
    .replace(/^error: /, '')
    .replaceAll('\n', ' ');
  return `${line}; see residual --help, or residual COMMAND --help`;
}
