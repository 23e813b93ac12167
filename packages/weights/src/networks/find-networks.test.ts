import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findIn, goldenNames, type Names, namesOf, prefixed } from '../../test/network-names.ts';

// Made by tooling/golden/network_names.py with torchvision 0.14 and timm 1.0.
const golden = goldenNames();
const of = (title: string): Names => golden.get(title)!;
const without = (names: Names, pattern: RegExp): Names => new Map([...names].filter(([name]) => !pattern.test(name)));
const headless = (names: Names): Names => without(names, /^(fc|linear)\./);
const with_ = (names: Names, more: Readonly<Record<string, readonly number[]>>): Names =>
  new Map([...names, ...Object.entries(more)]);
const resnet18 = of('torchvision resnet18');
const resnet50 = of('torchvision resnet50');
const body18 = headless(resnet18);
const body50 = headless(resnet50);
const smallStem = (names: Names) => with_(names, { 'conv1.weight': [64, 3, 3, 3] });
const linear = (outFeatures: number, inFeatures: number) => ({
  'fc.weight': [outFeatures, inFeatures],
  'fc.bias': [outFeatures],
});
const batchNorm = (name: string, size: number) =>
  Object.fromEntries(['weight', 'bias', 'running_mean', 'running_var'].map((part) => [`${name}.${part}`, [size]]));
const sorted = (names: Names) => Object.fromEntries([...names].sort(([a], [b]) => (a < b ? -1 : 1)));

describe('names of publishers become the models’ own', () => {
  test.each<[title: string, scheme: string, path: string, expected: Names]>([
    ['torchvision resnet18', 'torchvision', '', resnet18],
    ['timm resnet50d', 'timm', '', of('timm resnet50d')],
    ['timm resnet10t', 'timm', '', of('timm resnet10t')],
    ['timm seresnet50', 'timm', '', of('timm seresnet50')],
    ['timm resnetv2_50', 'timm', '', of('timm resnetv2_50')],
    ['DataParallel', 'torchvision', 'module', resnet18],
    ['AveragedModel', 'torchvision', 'module', resnet18],
    ['Sequential of all children', 'sequential', '', resnet18],
    ['features and classifier', 'sequential', 'features', with_(body18, linear(4, 512))],
    ['Normalize before', 'torchvision', '1', resnet18],
    ['leftthomas SimCLR', 'sequential', 'f', smallStem(body50)],
    [
      'fastai',
      'sequential',
      '0',
      with_(body18, {
        ...batchNorm('fc.2', 1024),
        'fc.4.weight': [512, 1024],
        ...batchNorm('fc.6', 512),
        'fc.8.weight': [37, 512],
      }),
    ],
    ['kuangliu ResNet18', 'kuangliu', '', with_(smallStem(body18), linear(10, 512))],
    ['weiaicunzai resnet18', 'weiaicunzai', '', with_(smallStem(body18), linear(100, 512))],
    ['weiaicunzai resnet50', 'weiaicunzai', '', with_(smallStem(body50), linear(100, 2048))],
    ['detectron2 R-50', 'detectron2', '', body50],
    ['mmdetection ResNetV1d-50', 'mmpretrain', 'backbone', of('timm resnet50d')],
    ['torchvision deeplabv3_resnet50', 'torchvision', 'backbone', body50],
    ['torchvision fcn_resnet50', 'torchvision', 'backbone', body50],
    ['torchvision fasterrcnn_resnet50_fpn', 'torchvision', 'backbone.body', body50],
    ['Dropout and Linear', 'torchvision', '', with_(body18, linear(3, 512))],
    [
      'MLP with batch norm',
      'torchvision',
      '',
      with_(body18, {
        'fc.0.weight': [256, 512],
        'fc.0.bias': [256],
        ...batchNorm('fc.1', 256),
        'fc.4.weight': [3, 256],
        'fc.4.bias': [3],
      }),
    ],
    ['1x1 convolution', 'torchvision', '', with_(body18, { 'fc.weight': [5, 512, 1, 1], 'fc.bias': [5] })],
    ['pruned and weight-normalised', 'torchvision', '', resnet18],
    ['BiT-M-R50x1.npz', 'bit', '', of('timm resnetv2_50x1_bit')],
  ])('%s', (title, scheme, path, expected) => {
    const networks = findIn({ '': of(title) });
    expect(networks.map((network) => [network.scheme, network.path])).toEqual([[scheme, path]]);
    expect(sorted(namesOf(networks[0]!))).toEqual(sorted(expected));
  });

  test('a pre-activation net keeps its norms before the convolutions, its shortcut a bare convolution', () => {
    const [network] = findIn({ net: of('kuangliu PreActResNet18') });
    const names = [...network!.tensors.keys()];
    expect(names.slice(0, 2)).toEqual(['conv1.weight', 'layer1.0.bn1.weight']);
    expect(names.filter((name) => name.includes('downsample'))).toEqual(
      [2, 3, 4].map((stage) => `layer${stage}.0.downsample.0.weight`),
    );
    expect(names).toContain('fc.weight');
  });

  test('Keras applications: kernels are seen as OIHW, convolutions have biases', () => {
    const layerOf = (name: string) =>
      name
        .replace(/^(conv1)\./, 'conv1_conv.')
        .replace(/^bn1\./, 'conv1_bn.')
        .replace(/^fc\./, 'predictions.')
        .replace(/^layer(\d)\.(\d)\.downsample\.(\d)/, (_, stage, block, part) => {
          return `conv${Number(stage) + 1}_block${Number(block) + 1}_0_${part === '0' ? 'conv' : 'bn'}`;
        })
        .replace(/^layer(\d)\.(\d)\.(conv|bn)(\d)/, (_, stage, block, kind, part) => {
          return `conv${Number(stage) + 1}_block${Number(block) + 1}_${part}_${kind}`;
        });
    const expected = new Map(resnet50);
    const file = new Map<string, readonly number[]>();
    for (const [name, shape] of resnet50) {
      const [layer, parameter] = layerOf(name).split('.');
      const isNorm = layer!.endsWith('_bn');
      const kinds: Record<string, string> = {
        weight: isNorm ? 'gamma' : 'kernel',
        bias: isNorm ? 'beta' : 'bias',
        running_mean: 'moving_mean',
        running_var: 'moving_variance',
      };
      const [o, i, h, w] = shape;
      const stored = shape.length === 4 ? [h!, w!, i!, o!] : shape.length === 2 ? [i!, o!] : shape;
      file.set(`model_weights/${layer}/${layer}/${kinds[parameter!]}:0`, stored);
      if (shape.length !== 4) continue;
      file.set(`model_weights/${layer}/${layer}/bias:0`, [o!]);
      expected.set(name.replace(/weight$/, 'bias'), [o!]);
    }
    const [network] = findIn({ '': file });
    expect([network!.scheme, network!.path]).toEqual(['keras', 'model_weights']);
    expect(sorted(namesOf(network!))).toEqual(sorted(expected));
    expect(network!.tensors.get('layer1.0.conv2.weight')!.stride).toEqual([1, 64, 12288, 4096]);
    expect(network!.hints).toMatchObject({ strideIn: '1x1', epsilon: 1.001e-5 });
  });

  test('Hugging Face’s head is beside its encoder', () => {
    const names = new Map<string, readonly number[]>();
    for (const [name, shape] of resnet18) {
      names.set(
        name
          .replace(/^(conv1|bn1)\./, (_, module) => {
            return `resnet.embedder.embedder.${module === 'conv1' ? 'convolution' : 'normalization'}.`;
          })
          .replace(/^layer(\d)\.(\d)\.(conv|bn|downsample\.)(\d)/, (_, stage, block, kind, part) => {
            const isConvolution = kind === 'conv' || (kind === 'downsample.' && part === '0');
            const module = kind === 'downsample.' ? 'shortcut' : `layer.${Number(part) - 1}`;
            const type = isConvolution ? 'convolution' : 'normalization';
            return `resnet.encoder.stages.${Number(stage) - 1}.layers.${block}.${module}.${type}`;
          })
          .replace(/^fc/, 'classifier.1'),
        shape,
      );
    }
    const [network] = findIn({ '': names });
    expect(network).toMatchObject({ scheme: 'huggingface', path: 'resnet', notes: [] });
    expect(sorted(namesOf(network!))).toEqual(sorted(resnet18));
  });

  test('CLIP’s attention pooling keeps its name, and its stem too', () => {
    const visual = with_(body18, { 'attnpool.positional_embedding': [50, 64] });
    const [network] = findIn({ '': with_(prefixed('visual.', visual), { logit_scale: [], 'transformer.x': [4] }) });
    expect(network).toMatchObject({ scheme: 'clip', path: 'visual' });
    expect(sorted(namesOf(network!))).toEqual(sorted(visual));
    expect(network!.notes).toContain('also has logit_scale, transformer; not used');
  });

  test('names that nobody knows stay, for whoever compares them with the model’s', () => {
    const more = { 'layer1.0.se.conv.weight': [1, 1, 3], 'ca.fc1.weight': [4, 64, 1, 1], 'layer1.0.bn1.weight_u': [4] };
    expect(sorted(namesOf(findIn({ '': with_(resnet18, more) })[0]!))).toEqual(sorted(with_(resnet18, more)));
  });
});

test('networks for which torchvision has no names keep theirs: Cadene’s SENets, timm’s other families', () => {
  const senet = new Map<string, readonly number[]>([
    ['layer0.conv1.weight', [64, 3, 7, 7]],
    ['layer0.bn1.weight', [64]],
    ['layer1.0.conv1.weight', [64, 64, 1, 1]],
    ['layer1.0.se_module.fc1.weight', [16, 256, 1, 1]],
    ['layer2.0.conv1.weight', [128, 256, 1, 1]],
    ['last_linear.weight', [1000, 2048]],
  ]);
  const byob = new Map<string, readonly number[]>([
    ['stem.conv1.conv.weight', [24, 3, 3, 3]],
    ['stages.0.0.conv1_1x1.conv.weight', [64, 64, 1, 1]],
    ['stages.1.0.conv1_1x1.conv.weight', [64, 64, 1, 1]],
    ['head.fc.weight', [1000, 64]],
  ]);
  for (const [names, scheme] of [[senet, 'cadene'] as const, [byob, 'timm'] as const]) {
    const [network] = findIn({ '': prefixed('module.', names) });
    expect([network!.scheme, network!.path]).toEqual([scheme, 'module']);
    expect(namesOf(network!)).toEqual(names);
  }
});

test('numbered blocks without a stem are no network', () => {
  expect(
    findIn({ '': new Map([1, 2, 3].map((i) => [`stage4.0.branches.${i}.0.conv1.weight`, [8, 8, 3, 3]])) }),
  ).toEqual([]);
});

test('what tools leave behind is left out, with a note', () => {
  const names =
    'total_ops layer1.0.conv1.total_params n_averaged conv1.weight_fake_quant.scale layer1.0.bn1.activation_post_process.x ' +
    'conv1.scale conv1.zero_point criterion.weight train_acc.total';
  const more = Object.fromEntries(names.split(' ').map((name) => [name, [1]]));
  const [network] = findIn({ '': with_(resnet18, more) });
  expect(sorted(namesOf(network!))).toEqual(sorted(resnet18));
  expect(network!.notes).toEqual([
    'left out, being of tools and quantisation: total_ops, layer1.0.conv1.total_params, n_averaged, conv1.weight_fake_quant.scale and 3 more',
    'also has criterion, train_acc; not used',
  ]);
});

test('a scale without a zero point is a parameter', () => {
  const [network] = findIn({ '': with_(resnet18, { 'layer1.0.scale': [1] }) });
  expect([...network!.tensors.keys()]).toContain('layer1.0.scale');
});

describe('a network is found wherever it hangs', () => {
  const cases =
    'model. net. module.model. encoder. backbone. online_encoder.net. model._orig_mod. timm_model. backbone.bottom_up. ' +
    'classy_state_dict.base_model.model.trunk._feature_blocks. 0. backbone.0.body.';
  test.each(cases.split(' '))('%s', (prefix) => {
    const [network, ...others] = findIn({ state_dict: prefixed(prefix, body18) });
    expect(others).toEqual([]);
    expect(network!.path).toBe(`state_dict.${prefix.slice(0, -1)}`);
    expect(network!.notes).toEqual([`prefix '${prefix}' taken off the names`]);
    expect(sorted(namesOf(network!))).toEqual(sorted(body18));
  });

  test('under any prefix, with wrappers anywhere, beside anything', () => {
    const segment = fc.stringMatching(/^[a-z_]{1,8}$/).filter((name) => !/^(.*_)?(fc|linear|head|cls|out)/.test(name));
    const wrapper = fc.constantFrom('module', '_orig_mod', '_fsdp_wrapped_module', '_checkpoint_wrapped_module');
    const insert = (name: string, at: number, wrapped: string) => {
      const segments = name.split('.');
      segments.splice(at % segments.length, 0, wrapped);
      return segments.join('.');
    };
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 4 }), wrapper, fc.nat(6), segment, (path, wrapped, at, beside) => {
        const prefix = path.map((name) => `${name}.`).join('');
        const names = new Map([...resnet18].map(([name, shape]) => [insert(`${prefix}${name}`, at, wrapped), shape]));
        const sibling = `${beside}_beside.weight`;
        const networks = findIn({ '': path.length === 0 ? names : with_(names, { [sibling]: [3, 3] }) });
        expect(networks.map(({ tensors }) => tensors.size)).toEqual([resnet18.size]);
        expect(sorted(namesOf(networks[0]!))).toEqual(sorted(resnet18));
      }),
      { numRuns: 60 },
    );
  });

  test('in a state dict of nothing like it there is none', () => {
    expect(findIn({ '': new Map([['encoder.layers.0.attention.weight', [4, 4]]]) })).toEqual([]);
    expect(findIn({ '': new Map([['layer1.0.conv1.weight', [4, 4, 3, 3]]]) })).toEqual([]);
  });

  test('whatever the names and shapes are, the search ends without an error, and gives the file’s tensors', () => {
    const segment = fc.constantFrom(
      ...'module _orig_mod layer1 layer2 stages layers blocks res2 res3 0 1 2 4 5 7 conv1 conv2 conv3 bn1 norm shortcut'.split(
        ' ',
      ),
      ...'downsample residual_function layer convolution fc head classifier linear attnpool stem backbone se queue_ptr'.split(
        ' ',
      ),
      ...'weight bias running_mean weight_orig weight_mask weight_g weight_v scale zero_point mean std kernel'.split(
        ' ',
      ),
      ...['conv2_block1_1_conv', 'conv3_block1_1_conv', 'predictions', '', '.', 'constructor', '__proto__'],
    );
    const name = fc.array(segment, { minLength: 1, maxLength: 7 }).map((segments) => segments.join('.'));
    const anchor = fc.constantFrom(
      'layer1.0.conv1.weight',
      'layer2.0.conv1.weight',
      '4.0.conv1.weight',
      '5.0.conv1.weight',
    );
    const key = fc.oneof(
      name,
      anchor,
      fc.tuple(segment, anchor).map((parts) => parts.join('.')),
    );
    const shape = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 });
    const dict = fc.array(fc.tuple(key, shape), { maxLength: 40 }).map((entries) => new Map(entries));
    const fact = fc.tuple(name, fc.oneof(fc.string(), name));
    fc.assert(
      fc.property(dict, dict, fc.array(fact, { maxLength: 5 }), (a, b, facts) => {
        for (const network of findIn({ a, b }, Object.fromEntries(facts))) {
          expect(network.tensors.size).toBeLessThanOrEqual(a.size + b.size);
          expect(network.path === 'a' || network.path === 'b' || /^[ab]\./.test(network.path)).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('hundreds of thousands of names, and as many networks, are gone through once', () => {
    const noise = Array.from({ length: 200_000 }, (_, i): [string, number[]] => [`a.${i}.fc.weight`, [1]]);
    const nets = Array.from({ length: 200_000 }, (_, i): [string, number[]] => {
      return [`${i >> 1}.layer${1 + (i & 1)}.0.conv1.weight`, [1, 1, 1, 1]];
    });
    expect(findIn({ '': new Map([...noise, ...nets]) })).toHaveLength(64);
  }, 60_000);
});
