/**
 * torchvision's name of what a publisher calls `name` within a block, or the name itself.
 *
 * | publisher | convolution | norm | shortcut |
 * |---|---|---|---|
 * | torchvision, timm | `conv1` | `bn1` | `downsample.0`, `downsample.1` (timm's behind a pooling: `.1`, `.2`) |
 * | kuangliu, akamaster | | | `shortcut.0`, `shortcut.1` |
 * | Detectron2 | | `conv1.norm` | `shortcut`, `shortcut.norm` |
 * | Hugging Face | `layer.0.convolution` | `layer.0.normalization` | `shortcut.convolution`, `shortcut.normalization` |
 * | weiaicunzai | `residual_function.0`, `.3`, `.6` | `.1`, `.4`, `.7` | `shortcut.0`, `shortcut.1` |
 * | mmdetection, lessons | | `gn1`, `norm1`, `batch_norm1` | `identity_downsample.0` |
 */
export function blockName(name: string): string {
  const shortcut = /^(?:shortcut|skip|identity_downsample|i_downsample|down_?sample)\.(.+)$/s.exec(name);
  if (shortcut !== null) return shortcutName(shortcut[1]!);
  const part = /^(layer|residual_function)\.(\d{1,2})\.(?:(convolution|normalization)\.)?(.+)$/s.exec(name);
  if (part !== null) {
    const [, list, number, kind, parameter] = part;
    if (list === 'layer' && kind !== undefined) {
      return `${kind === 'convolution' ? 'conv' : 'bn'}${Number(number) + 1}.${parameter}`;
    }
    const isKnown = list === 'residual_function' && Number(number) % 3 < 2;
    if (isKnown) return `${Number(number) % 3 === 0 ? 'conv' : 'bn'}${Math.floor(Number(number) / 3) + 1}.${parameter}`;
  }
  return name
    .replace(/^conv(\d)\.norm\./, 'bn$1.')
    .replace(/^(?:norm|gn|batch_norm)(\d)\./, 'bn$1.')
    .replace(/^se_layer\.conv(\d)\.conv\./, 'se.fc$1.');
}

function shortcutName(name: string): string {
  if (!name.includes('.')) return `downsample.0.${name}`;
  return `downsample.${name.replace(/^conv(olution)?\./, '0.').replace(/^(bn|norm|normalization)\./, '1.')}`;
}
