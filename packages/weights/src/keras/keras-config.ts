import { snakeCase } from './keras-names.ts';

/** A layer of a model's config, by the group that its weights are in. */
export interface KerasLayer {
  readonly name: string;
  readonly scale: boolean;
  readonly center: boolean;
}

const maxDepth = 16;

/** The layers of a model's config (JSON), by the paths of their groups in Keras 3's files; none where it is no config. */
export function kerasLayers(config: string | undefined): Map<string, KerasLayer> {
  const layers = new Map<string, KerasLayer>();
  if (config === undefined) return layers;
  let parsed: unknown;
  try {
    parsed = JSON.parse(config);
  } catch {
    return layers;
  }
  addLayers(layers, parsed, '', 0);
  return layers;
}

function addLayers(into: Map<string, KerasLayer>, model: unknown, prefix: string, depth: number): void {
  const list = field(field(model, 'config'), 'layers');
  if (!Array.isArray(list) || depth > maxDepth) return;
  const counts = new Map<string, number>();
  for (const layer of list) {
    const className = field(layer, 'class_name');
    const config = field(layer, 'config');
    const name = field(config, 'name') ?? field(layer, 'name');
    if (typeof className !== 'string' || typeof name !== 'string') continue;
    const base = snakeCase(className);
    const count = counts.get(base) ?? 0;
    counts.set(base, count + 1);
    const group = `${prefix}layers/${base}${count === 0 ? '' : `_${count}`}`;
    into.set(group, { name, scale: field(config, 'scale') !== false, center: field(config, 'center') !== false });
    addLayers(into, layer, `${group}/`, depth + 1);
  }
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
