import { shapesOnly, torchShape } from '@residual/blocks';
import { describeWeights } from '@residual/classifier';
import { partOf, ResNet } from '@residual/resnet';
import { getSpec } from '@residual/resnet/registry';
import { clip } from '@residual/vision';
import { readStateDict } from '@residual/weights';
import { expect, test } from 'vitest';
import { fileOfList } from './listed-tensors.ts';

/** What OpenAI's files have beside the image tower, cut short. */
const text = [
  'positional_embedding [77 512]',
  'text_projection [512 1024]',
  'logit_scale []',
  'input_resolution []',
  'token_embedding.weight [100 512]',
  'transformer.resblocks.0.attn.in_proj_weight [1536 512]',
  'ln_final.weight [512]',
  'ln_final.bias [512]',
];

test.each(['clip_resnet50', 'clip_resnet101'])(
  '%s is found in a file with the text tower, and embeds',
  async (name) => {
    const { variableSpecs } = new ResNet(getSpec(name), { vars: shapesOnly });
    const image = [...variableSpecs].map(
      ([path, { layout, shape }]) => `visual.${path} [${torchShape(layout, shape).join(' ')}]`,
    );
    const weights = await readStateDict(fileOfList([name, ...text, ...image].join('\n')));
    const { blueprint, preset, loadReport, labels } = await describeWeights({ weights });
    expect(weights.scheme).toBe('clip');
    expect([blueprint.spec.name, blueprint.numClasses, blueprint.sizePx]).toEqual([name, null, 224]);
    expect(partOf(blueprint, 'attnpool.q_proj.weight')).toBe('fc');
    expect(loadReport).toEqual({ missing: [], unexpected: [], mismatched: [] });
    expect([preset, labels]).toEqual([clip, []]);
  },
);
