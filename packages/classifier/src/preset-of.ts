import { type Preset, presetFromHuggingFace, presetFromTimm } from '@residual/vision';
import type { Preprocessing } from '@residual/weights/hub';

/** The preset that a publisher's own configuration describes. @throws PresetError */
export function presetOf(preprocessing: Preprocessing): Preset {
  switch (preprocessing.kind) {
    case 'preset':
      return preprocessing.preset;
    case 'timm':
      return presetFromTimm(preprocessing.config);
    case 'huggingface':
      return presetFromHuggingFace(preprocessing.config);
  }
}
