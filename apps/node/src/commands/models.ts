import { Command } from 'commander';

/** `residual models`. */
export function modelsCommand(): Command {
  return new Command('models')
    .description('List the published weights that --weights knows by name.')
    .argument('[pattern]', "models, weights or repositories, e.g. 'resnet*', '*/a1_in1k' or 'microsoft/*'")
    .option('--json', 'a line of JSON for each instead of a table')
    .addHelpText(
      'after',
      `
Examples:
  residual models 'resnet50*'
  residual models
  residual models --json | jq -r .id`,
    )
    .action(async (pattern, flags) => {
      const { listModels } = await import('../weights/list-models.ts');
      await listModels(pattern, flags);
    });
}
