import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { listModels } from '@residual/resnet/registry';
import { expect, test } from 'vitest';

const folder = new URL('../golden/', import.meta.url).pathname;

/** Of which another depth of the same family stands for them. */
const otherDepths = [
  ...['resnet26', 'plain18', 'plain34'],
  ...['32', '44', '110'].flatMap((depth) => [`resnet${depth}`, `resnet${depth}_b`, `plain${depth}`]),
  ...['34', '50', '101', '152'].flatMap((depth) => [`cifar_resnet${depth}`, `cifar_preact_resnet${depth}`]),
];

test('every architecture has a golden of its publisher’s code, or of another depth of its family', () => {
  const titles = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.json'))
    .flatMap((file) => {
      const goldens = JSON.parse(readFileSync(join(folder, file), 'utf8'));
      return Object.keys(goldens.logits ?? goldens);
    });
  const names = new Set(titles.map((title) => /^\w+/.exec(title)![0]));
  expect(listModels().filter((name) => !names.has(name) && !otherDepths.includes(name))).toEqual([]);
});
