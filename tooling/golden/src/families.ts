import { readFileSync } from 'node:fs';
import type { NetworkGolden } from './network-goldens.ts';
import type { StateDictGolden } from './state-dict-goldens.ts';

/** What tooling/golden/families.py wrote of one of timm's modules. */
export interface FamilyGoldens {
  readonly stateDicts: Readonly<Record<string, StateDictGolden>>;
  /** By titles such as `resnest14d at 75x91`. */
  readonly logits: Readonly<Record<string, NetworkGolden>>;
}

export const families: readonly string[] = ['resnetv2', 'res2net', 'resnest', 'sknet'];

export function readFamily(name: string): FamilyGoldens {
  return JSON.parse(readFileSync(new URL(`../golden/families/${name}.json`, import.meta.url), 'utf8'));
}
