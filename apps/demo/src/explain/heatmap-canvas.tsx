import { type Explanation, overlay } from '@residual/classifier/explain';
import type { VNode } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { useTexts } from '../language/language.ts';
import { drawPixels } from './draw-pixels.ts';

/** A heat map over the crop that the network got; empty while there is none. */
export function HeatmapCanvas({ explanation, opacity }: { explanation?: Explanation; opacity: number }): VNode {
  const texts = useTexts().explain;
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    if (explanation) drawPixels(canvas.current!, overlay(explanation, opacity));
  }, [explanation, opacity]);
  return (
    <canvas
      ref={canvas}
      class="pixels heatmap"
      role="img"
      aria-label={explanation ? texts.heatmapOf(explanation.target.label ?? '') : texts.heatmap}
    />
  );
}
