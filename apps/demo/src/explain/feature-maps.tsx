import type { FeatureMap } from '@residual/classifier';
import type { VNode } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { useTexts } from '../language/language.ts';
import { SlotOutput } from '../status.tsx';
import { drawPixels } from './draw-pixels.ts';
import { LayerChoice } from './layer-choice.tsx';
import type { ChangeablePlace } from './place.ts';
import { useAsked } from './use-asked.ts';

const COLUMNS = 8;
/** More tiles are too small to see anything, and take the page long to draw. */
const MOST_PIXELS = 200_000;
const GAP = 1;

/** The channels of a layer, each from its lowest value in black to its highest in white. */
export function FeatureMaps(place: ChangeablePlace): VNode {
  const texts = useTexts().explain;
  const { layer, actions, cause } = place;
  const canvas = useRef<HTMLCanvasElement>(null);
  const slot = useAsked(actions, 'features', layer, [cause, layer]);
  const { value } = slot;
  useEffect(() => {
    if (value) drawPixels(canvas.current!, tiles(value));
  }, [value]);
  return (
    <section class="card" aria-labelledby="features-heading">
      <h2 id="features-heading">{texts.features}</h2>
      <div class="controls">
        <LayerChoice id="features-layer" {...place} />
      </div>
      <canvas ref={canvas} class="pixels" role="img" aria-label={texts.features} />
      <SlotOutput id="features-output" slot={slot} actions={actions} live>
        {value && <p class="minor">{texts.channels(value.shape.join(' × '), shownOf(value))}</p>}
      </SlotOutput>
    </section>
  );
}

function shownOf({ shape }: FeatureMap): number {
  const [height, width, channels] = shape as [number, number, number];
  return Math.min(channels, 64, COLUMNS * Math.max(1, Math.floor(MOST_PIXELS / (width * height * COLUMNS))));
}

function tiles(map: FeatureMap): Parameters<typeof drawPixels>[1] {
  const [height, width, channels] = map.shape as [number, number, number];
  const count = shownOf(map);
  const size = { width: COLUMNS * (width + GAP) - GAP, height: Math.ceil(count / COLUMNS) * (height + GAP) - GAP };
  const data = new Uint8ClampedArray(3 * size.width * size.height);
  for (let channel = 0; channel < count; channel++) {
    const value = (pixel: number): number => map.data[pixel * channels + channel]!;
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let pixel = 0; pixel < width * height; pixel++) {
      low = Math.min(low, value(pixel));
      high = Math.max(high, value(pixel));
    }
    const left = (channel % COLUMNS) * (width + GAP);
    const top = Math.floor(channel / COLUMNS) * (height + GAP);
    for (let pixel = 0; pixel < width * height; pixel++) {
      const at = 3 * ((top + Math.floor(pixel / width)) * size.width + left + (pixel % width));
      const grey = (255 * (value(pixel) - low)) / (high - low || 1);
      for (let colour = 0; colour < 3; colour++) data[at + colour] = grey;
    }
  }
  return { ...size, channels: 3, data };
}
