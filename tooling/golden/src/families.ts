import { readFileSync } from 'node:fs';
import type { NetworkGolden } from './network-goldens.ts';
import type { StateDictGolden } from './state-dict-goldens.ts';

/** What tooling/golden/families.py or timm_resnets.py wrote of one family of timm's. */
export interface FamilyGoldens {
  readonly stateDicts: Readonly<Record<string, StateDictGolden>>;
  /** By titles such as `resnest14d at 75x91`. */
  readonly logits: Readonly<Record<string, NetworkGolden>>;
}

export const families: readonly string[] = [
  'timm',
  'squeeze-excite',
  'channel-attention',
  'anti-aliased',
  'resnet-rs',
  'pruned',
  'legacy-senet',
  'resnetv2',
  'res2net',
  'resnest',
  'sknet',
];

export function readFamily(name: string): FamilyGoldens {
  return JSON.parse(readFileSync(new URL(`../golden/families/${name}.json`, import.meta.url), 'utf8'));
}
