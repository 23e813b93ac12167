import { Command } from 'commander';
import { networkOptions, weightsHelp } from './model-options.ts';

/** `residual summary`. */
export function summaryCommand(signal: AbortSignal): Command {
  const command = new Command('summary')
    .description('Count the parameters and multiply-adds of a model, layer by layer.')
    .argument('[name]', 'variant, e.g. resnet50 (default: the one that the weights are of)')
    .option(
      '--weights <name>',
      `count what these hold, and say what is known of them: ${weightsHelp().replace(/ \(.*\)$/, '')}`,
    );
  return networkOptions(command)
    .option('--json', 'one line of JSON instead of a table')
    .addHelpText(
      'after',
      `
Examples:
  residual summary resnet50
  residual summary resnet50 --weights IMAGENET1K_V2
  residual summary resnet20 --json | jq .parameters`,
    )
    .action(async (name, flags) => {
      const { summarize } = await import('../summarize.ts');
      await summarize(name, flags, signal);
    });
}
