import { readFileSync } from 'node:fs';
import { test } from 'vitest';
import { expectStateDict, type StateDictGolden } from './state-dict-goldens.ts';

// Made by tooling/golden/architectures.py.
const goldens: Record<string, StateDictGolden> = JSON.parse(
  readFileSync(new URL('../golden/state-dicts.json', import.meta.url), 'utf8'),
);

test.each(Object.entries(goldens))('%s: the names and shapes of its state dict are PyTorch’s', expectStateDict);
