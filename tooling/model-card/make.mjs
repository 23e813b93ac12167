// Makes packages/weights-cifar10 from a run of `residual train`: weights in float16, src/card.ts, the README's card.
// usage: node tooling/model-card/make.mjs RUN CIFAR10_DIR [--precision TYPE]   (after `npx tsc -b apps/node`)
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

const root = resolve(import.meta.dirname, '../..');
const target = join(root, 'packages/weights-cifar10');

const { positionals, values } = parseArgs({ allowPositionals: true, options: { precision: { type: 'string' } } });
const [run, cifar] = positionals;
if (run === undefined || cifar === undefined) throw new Error('usage: make.mjs RUN CIFAR10_DIR [--precision TYPE]');

const residual = (...args) =>
  execFileSync(process.execPath, [join(root, 'apps/node/dist/main.js'), ...args], { encoding: 'utf8' });
const settings = JSON.parse(readFileSync(join(run, 'settings.json'), 'utf8'));
const history = readFileSync(join(run, 'metrics.jsonl'), 'utf8').trim().split('\n').map(JSON.parse);
const { model, seed, recipe, evaluateEvery } = settings;

const file = join(target, 'model.safetensors');
const weights = ['--model', model, '--weights'];
residual('export', file, ...weights, join(run, 'model.safetensors'), '--format', 'safetensors', '--half', '--force');
const bytes = readFileSync(file);
const tested = JSON.parse(residual('evaluate', ...weights, file, '--data', `cifar10:${cifar}`, '--json'));
const { correct, total, top1, top5, loss, calibrationError, classes, perClass } = tested;

const precision = values.precision ?? settings.precision ?? 'float32';
const rounded = (value, digits) => Number(value.toFixed(digits));
const card = {
  model,
  sha256: createHash('sha256').update(bytes).digest('hex'),
  sizeBytes: bytes.length,
  parameters: JSON.parse(residual('summary', model, '--json')).parameters,
  test: { correct, total, top1, top5, loss: rounded(loss, 4), calibrationError: rounded(calibrationError, 4) },
  seed,
  precision,
  // Where data and results lie is the machine's own affair.
  command: `residual train --model ${model} --data cifar10:DIR --recipe ${recipeName()} --epochs ${recipe.epochs} --seed ${seed}${evaluateEvery === 1 ? '' : ` --evaluate-every ${evaluateEvery}`} --precision ${precision} --out RUN`,
  recipe,
  curve: history.map(({ epoch, trainError, testError }) => ({
    epoch,
    trainError: rounded(trainError, 2),
    ...(testError === undefined ? {} : { testError: rounded(testError, 2) }),
  })),
  versions: settings.versions,
  licence: 'MIT',
};

const note = '// Made by tooling/model-card/make.mjs.';
const source = `${note}\nimport type { ModelCard } from './model-card.ts';\n\n/** The card of \`model.safetensors\`. */\nexport const card: ModelCard = ${JSON.stringify(card, undefined, 2)};\n`;
writeFileSync(join(target, 'src/card.ts'), source);
const readme = join(target, 'README.md');
const text = readFileSync(readme, 'utf8');
const [before] = text.split('<!-- card -->');
const after = text.split('<!-- /card -->')[1] ?? '';
writeFileSync(readme, `${before}<!-- card -->\n\n${cardText()}\n<!-- /card -->${after}`);
execFileSync('npx', ['biome', 'check', '--write', join(target, 'src/card.ts')], { cwd: root, stdio: 'ignore' });
process.stdout.write(`${target}: ${model}, ${bytes.length} bytes, ${correct} of ${total} right\n`);

/** The recipe that the run had, by its name. */
function recipeName() {
  const { command } = settings;
  if (!command.includes('--recipe')) return 'cifar-short';
  const given = command[command.indexOf('--recipe') + 1];
  return given.endsWith('.json') ? 'RECIPE.json' : given;
}

function cardText() {
  const rows = [
    ['model', `\`${model}\` of @residual/resnet, ${card.parameters.toLocaleString('en')} parameters`],
    ['trained on', "CIFAR-10's 50,000 training pictures, none of the test pictures"],
    [
      'test accuracy',
      `${correct} of ${total} (${top1} %), top-5 ${top5} %, loss ${card.test.loss}, calibration error ${card.test.calibrationError}`,
    ],
    ['which weights', 'those of the last epoch: the test pictures chose nothing'],
    ['input', '32 × 32 RGB, x / 255, mean 0.485 0.456 0.406, deviation 0.229 0.224 0.225; the file says so'],
    ['recipe', `\`${recipeName()}\`: ${JSON.stringify({ ...recipe, mean: undefined, std: undefined })}`],
    ['command', `\`${card.command}\``],
    ['seed, precision', `seed ${seed}, ${precision}`],
    ['file', `\`model.safetensors\`, float16, ${bytes.length.toLocaleString('en')} bytes, SHA-256 \`${card.sha256}\``],
    ['licence', 'MIT; CIFAR-10: Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009'],
  ];
  const table = (head, lines) =>
    [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
  const percent = (value) => (value === undefined ? '–' : `${value.toFixed(2)} %`);
  const curve = card.curve.map(({ epoch, trainError, testError }) => [epoch, percent(trainError), percent(testError)]);
  return [
    table(['property', 'value'], rows),
    '',
    '### Classes',
    '',
    table(classes, [perClass.map((value) => `${value.toFixed(1)} %`)]),
    '',
    '### Curve',
    '',
    'Training error is the mean over an epoch, of augmented pictures and while the weights moved.',
    '',
    table(['epoch', 'training error', 'test error'], curve),
    '',
  ].join('\n');
}
