import type { HuggingFaceConfig } from './hugging-face-config.ts';
import { type HuggingFaceProcessor, huggingFaceProcessors } from './hugging-face-processors.ts';
import type { Interpolation } from './interpolation.ts';
import type { Rgb } from './normalize.ts';
import type { Preset } from './preset.ts';
import { PresetError } from './preset-error.ts';
import { rgbOf } from './preset-fields.ts';
import { presetFromTimm } from './preset-from-timm.ts';
import { quote } from './quote.ts';

const TIMM_WRAPPER = 'TimmWrapper';
/** By PIL's number. */
const PIL_FILTERS: readonly string[] = ['nearest', 'lanczos', 'bilinear', 'bicubic', 'box', 'hamming'];

/**
 * The preset of a Hugging Face image processor: ConvNext's, which `microsoft/resnet-*` use, BiT's, CLIP's, ViT's, DeiT's,
 * MobileNet's, and transformers' wrapper of timm's; also as `…Fast`, and as the feature extractors that they were.
 *
 * Pixels are those of the processors that resize with PIL. The fast ones resize with torch, which is a level off here and
 * there, and ConvNext's crops with torchvision's rounding in transformers 4, up to a pixel beside.
 *
 * @see https://github.com/huggingface/transformers/blob/main/src/transformers/image_transforms.py (`resize`, `center_crop`)
 * @throws PresetError for another processor, and for a size, filter or step that no preset has.
 */
export function presetFromHuggingFace(config: HuggingFaceConfig): Preset {
  const name = processorName(config);
  if (name === TIMM_WRAPPER) return presetFromTimmWrapper(config);
  const processor = Object.hasOwn(huggingFaceProcessors, name) ? huggingFaceProcessors[name] : undefined;
  if (processor === undefined) {
    const known = [...Object.keys(huggingFaceProcessors), TIMM_WRAPPER].join(', ');
    const got = quote(config.image_processor_type ?? config.feature_extractor_type);
    throw new PresetError(`image_processor_type: expected that of ${known}, got ${got}; give a preset`);
  }
  if (config.do_resize === false) throw new PresetError('do_resize: expected true, got false; give a preset');
  return {
    ...processor.geometry(config, processor),
    interpolation: filterOf(config, processor),
    ...normalizationOf(config, processor),
  };
}

/** `BitImageProcessorFast` and `BitFeatureExtractor` are `Bit`. */
function processorName({ image_processor_type: type, feature_extractor_type: former }: HuggingFaceConfig): string {
  const name: unknown = type ?? former ?? 'ConvNextImageProcessor';
  return typeof name === 'string' ? name.replace(/(ImageProcessor|FeatureExtractor)(Fast|Pil)?$/, '') : '';
}

/** timm's own transforms, which the wrapper makes for the size of training: it does not ask for that of tests. */
function presetFromTimmWrapper({ pretrained_cfg: config }: HuggingFaceConfig): Preset {
  if (typeof config !== 'object' || config === null)
    throw new PresetError(`pretrained_cfg: expected timm's configuration, got ${quote(config)}; give a preset`);
  return presetFromTimm({ ...config, test_input_size: null, test_crop_pct: null });
}

function filterOf(config: HuggingFaceConfig, processor: HuggingFaceProcessor): Interpolation {
  const filter = config.resample === undefined ? processor.resample : config.resample;
  const name = typeof filter === 'number' ? PIL_FILTERS[filter] : undefined;
  if (name === 'bilinear' || name === 'bicubic') return name;
  const got = name === undefined ? quote(filter) : `${filter} (${name})`;
  throw new PresetError(`resample: expected 2 (bilinear) or 3 (bicubic), got ${got}; give a preset`);
}

/** Whatever bytes are multiplied by, and whether they are normalised then, as means and deviations of pixels / 255. */
function normalizationOf(config: HuggingFaceConfig, processor: HuggingFaceProcessor): { mean: Rgb; std: Rgb } {
  const factor = config.do_rescale === false ? 1 : (config.rescale_factor ?? 1 / 255);
  if (!(typeof factor === 'number' && factor > 0 && factor < Number.POSITIVE_INFINITY))
    throw new PresetError(`rescale_factor: expected a number above 0, got ${quote(factor)}`);
  const unit = factor * 255;
  const perUnit = ([red, green, blue]: Rgb): Rgb => [red / unit, green / unit, blue / unit];
  if (config.do_normalize === false) return { mean: [0, 0, 0], std: perUnit([1, 1, 1]) };
  return {
    mean: perUnit(perChannel('image_mean', config.image_mean ?? processor.mean)),
    std: perUnit(perChannel('image_std', config.image_std ?? processor.std)),
  };
}

function perChannel(field: string, values: unknown): Rgb {
  return rgbOf(field, typeof values === 'number' ? [values, values, values] : values);
}
