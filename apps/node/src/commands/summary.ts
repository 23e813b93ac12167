import { Command } from 'commander';

/** `residual summary`. */
export function summaryCommand(): Command {
  return new Command('summary')
    .description('Count the parameters and multiply-adds of a model, layer by layer, without weights.')
    .argument('<name>', 'variant, e.g. resnet50')
    .option('--json', 'one line of JSON instead of a table')
    .addHelpText(
      'after',
      `
Examples:
  residual summary resnet50
  residual summary resnet20 --json | jq .parameters`,
    )
    .action(async (name, flags) => {
      const { summarize } = await import('../summarize.ts');
      await summarize(name, flags);
    });
}
