import { PresetError, presetFromHuggingFace, presetFromTimm } from '@residual/vision';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { WeightsFormatError } from '../weights-format-error.ts';
import type { FileFolder } from './file-folder.ts';
import { HubError } from './hub-error.ts';
import type { JsonObject } from './json-file.ts';
import { findShards } from './shards.ts';
import { readStatedFacts } from './stated-facts.ts';
import { findWeightsFile } from './weights-in-folder.ts';

/** A folder of JSON objects, as a parser would give them. */
function folderOf(files: Readonly<Record<string, JsonObject>>): FileFolder {
  return {
    name: 'folder',
    nameOf: (file) => `folder/${file}`,
    list: async () => ({ files: new Set(Object.keys(files)), folders: new Set(['checkpoint-1', 'checkpoint-20']) }),
    readJson: async (file) => files[file],
    open: () => Promise.reject(new Error('no weights')),
    folder: () => folderOf({ ...files, 'model.safetensors': {} }),
  };
}

/** JSON, also of objects whose own fields have the names that a conversion to text or a number calls. */
const anything = fc.oneof(
  { weight: 4, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
  { weight: 1, arbitrary: fc.constantFrom<object[]>({ toString: 1, valueOf: 1 }, [{ toString: 1, valueOf: 1 }]) },
);

/** An object that has some of the keys, with the values that one expects or any other. */
function likely(values: Readonly<Record<string, readonly unknown[]>>): fc.Arbitrary<JsonObject> {
  const fields = Object.entries(values).map(([key, usual]) => [
    key,
    fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...usual) }, { weight: 1, arbitrary: anything }),
  ]);
  return fc.record(Object.fromEntries(fields), { requiredKeys: [] }) as fc.Arbitrary<JsonObject>;
}

const labels = [{ 0: 'cat' }, ['cat', 'dog'], { cat: 0 }, { '-1': 'cat' }];
const timm = likely({
  architecture: ['resnet50', 'resnet50.tag', ''],
  input_size: [[3, 224, 224], [1, 28, 28], null],
  test_input_size: [[3, 288, 288]],
  crop_pct: [0.9, 0, '1'],
  interpolation: ['bicubic', 'random'],
  mean: [[0.5, 0.5, 0.5], [0.5]],
  std: [[0.5, 0.5, 0.5]],
  crop_mode: ['center', 'squash', 'border'],
  label_names: labels,
  label_descriptions: [{ cat: 'a cat' }],
  num_classes: [2, 1000],
  model_args: [{ output_stride: 8 }, { act_layer: 'silu' }, { aa_layer: 'avg' }, {}],
});
const huggingFace = likely({
  model_type: ['resnet', 'timm_wrapper', 'vit'],
  architectures: [['ResNetForImageClassification'], []],
  layer_type: ['basic', 'bottleneck'],
  depths: [[2, 2, 2, 2]],
  hidden_sizes: [[64, 128, 256, 512]],
  id2label: labels,
  label2id: labels,
  downsample_in_first_stage: [false, true],
  downsample_in_bottleneck: [false, true],
  hidden_act: ['relu', 'silu'],
});
const processor = likely({
  image_processor_type: ['ConvNextImageProcessor', 'ViTImageProcessor', 'BitImageProcessor', 'DeiTImageProcessor'],
  size: [224, { shortest_edge: 256 }, { height: 224, width: 224 }, null],
  crop_size: [224, { height: 224, width: 224 }],
  do_center_crop: [true, false],
  do_resize: [true, false],
  rescale_factor: [1 / 255],
  resample: [2, 3],
  crop_pct: [0.875],
  image_mean: [[0.5, 0.5, 0.5]],
  image_std: [[0.5, 0.5, 0.5]],
  data_config: [{ input_size: [3, 224, 224] }],
});

test('configurations of any content give facts and a preset, or errors of ours', async () => {
  const config = fc.tuple(timm, huggingFace, fc.option(timm)).map(([first, second, pretrained]) => ({
    ...first,
    ...second,
    ...(pretrained && { pretrained_cfg: pretrained }),
  }));
  let facts = 0;
  let presets = 0;
  await fc.assert(
    fc.asyncProperty(config, processor, async (json, beside) => {
      try {
        const folder = folderOf({ 'config.json': json, 'preprocessor_config.json': beside });
        const { preprocessing, labels, notes } = await readStatedFacts(folder, undefined);
        facts++;
        expect(labels?.every((label) => typeof label === 'string') ?? true).toBe(true);
        expect(notes.every((note) => typeof note === 'string')).toBe(true);
        if (preprocessing?.kind === 'timm') presetFromTimm(preprocessing.config);
        if (preprocessing?.kind === 'huggingface') presetFromHuggingFace(preprocessing.config);
        presets++;
      } catch (error) {
        if (!WeightsFormatError.isInstance(error) && !PresetError.isInstance(error)) throw error;
      }
    }),
    { numRuns: 3000 },
  );
  // Not all of them are refused.
  expect([facts > 300, presets > 30]).toEqual([true, true]);
});

test('an index of shards and a Trainer’s state of any content are read or refused by errors of ours', async () => {
  const maps = likely({ weight_map: [{ a: 'a.bin' }, { a: '../a.bin' }, { a: 3 }] });
  const states = likely({ best_model_checkpoint: ['out/checkpoint-1', 'checkpoint-3', '/'] });
  await fc.assert(
    fc.asyncProperty(maps, states, async (map, state) => {
      const folder = folderOf({ 'm.index.json': map, 'trainer_state.json': state, 'a.bin': {} });
      try {
        expect((await findShards(folder, 'm.index.json'))?.files).toEqual(['a.bin']);
      } catch (error) {
        if (!WeightsFormatError.isInstance(error) && !HubError.isInstance(error)) throw error;
      }
      const { file } = await findWeightsFile(folderOf({ 'trainer_state.json': state }));
      expect(file).toBe('model.safetensors');
    }),
    { numRuns: 1000 },
  );
});
