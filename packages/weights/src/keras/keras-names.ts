/**
 * The name `layer/weight` of a dataset in Keras's HDF5 files: `model_weights/conv1/conv1/kernel:0` is `conv1/kernel`.
 *
 * @param layerName Says what a group of Keras 3, named for its class, is called in the model.
 */
export function kerasName(path: string, layerName: (group: string) => string | undefined): string {
  const parts = path.replace(/:0$/, '').split('/');
  if (parts[0] === 'model_weights') parts.shift();
  const varsAt = parts.indexOf('vars');
  if (varsAt >= 0) return byIndex(path, parts, varsAt, layerName);
  return parts.filter((part, i) => part !== parts[i - 1]).join('/');
}

/** Keras 3 numbers a layer's weights: `layers/conv2d_1/vars/0`, with layers in layers where models are nested. */
function byIndex(
  path: string,
  parts: readonly string[],
  varsAt: number,
  layerName: (group: string) => string | undefined,
): string {
  const names: string[] = [];
  for (let at = 0; at < varsAt; at++) {
    if (parts[at] === 'layers' || parts[at] === '_layer_checkpoint_dependencies') continue;
    names.push(layerName(parts.slice(0, at + 1).join('/')) ?? parts[at]!);
  }
  const index = path.split('/').at(-1)!;
  return [...names, index].join('/');
}

/**
 * What a layer calls its weights, by the class that its group is named for and their number: a normalisation without
 * scale has three.
 */
export function weightNames(group: string, count: number): readonly string[] | undefined {
  const layerClass = group.replace(/_\d+$/, '');
  if (layerClass === 'batch_normalization') {
    const statistics = ['moving_mean', 'moving_variance'];
    if (count === 4) return ['gamma', 'beta', ...statistics];
    return count === 2 ? statistics : undefined; // of three, the config says whether the first is gamma or beta
  }
  if (/^(conv\d?d|depthwise_conv2d|conv2d_transpose|dense|einsum_dense)$/.test(layerClass))
    return ['kernel', 'bias'].slice(0, count);

  if (layerClass === 'separable_conv2d') return ['depthwise_kernel', 'pointwise_kernel', 'bias'].slice(0, count);
  if (/^(layer|group)_normalization$/.test(layerClass) && count === 2) return ['gamma', 'beta'];
  return undefined;
}

/** How Keras names the groups of layers: `Conv2D` is `conv2d`, `ReLU` is `re_lu`. */
export function snakeCase(name: string): string {
  return name
    .replace(/\W+/g, '')
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
}
