import type { Engine } from '../engine.ts';
import type { TfjsBackend } from '../tfjs-backend.ts';
import { tfjs } from './tfjs-engine.ts';

/** The engine `tfjs()` on a backend of tfjs, which is loaded when something is first compiled for it. */
export function tfjsOn(backend: TfjsBackend): Engine {
  const engine = tfjs();
  return {
    name: backend.name,
    isAvailable: () => backend.isAvailable(),
    async compile(graph, weights, options) {
      await backend.use();
      return engine.compile(graph, weights, options);
    },
  };
}
