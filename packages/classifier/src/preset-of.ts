import { type Preset, PresetError, presetFromHuggingFace, presetFromTimm } from '@residual/vision';
import type { Preprocessing } from '@residual/weights/hub';

/** The preset that a publisher's own configuration describes. @throws PresetError, which names the configuration's file */
export function presetOf(preprocessing: Preprocessing): Preset {
  switch (preprocessing.kind) {
    case 'preset':
      return preprocessing.preset;
    case 'timm':
      return of('config.json', () => presetFromTimm(preprocessing.config));
    case 'huggingface':
      return of('preprocessor_config.json', () => presetFromHuggingFace(preprocessing.config));
  }
}

function of(file: string, read: () => Preset): Preset {
  try {
    return read();
  } catch (error) {
    throw PresetError.isInstance(error) ? new PresetError(`${file}: ${error.message}`) : error;
  }
}
