import { wasm } from '@residual/backend-wasm';
import { tfjsWasm } from '@residual/backend-wasm/tfjs';
import { tfjsWebgpu, webgpu } from '@residual/backend-webgpu';
import { type CompileOptions, type Engine, type ExecutableInfo, type TfjsBackend, tfjs } from '@residual/compile';
import type { EngineName } from './protocol.ts';

const makers: Readonly<Record<EngineName, () => Engine>> = {
  webgpu: () => webgpu(),
  wasm: () => wasm(),
  'tfjs-webgpu': () => onTfjs(tfjsWebgpu()),
  'tfjs-wasm': () => onTfjs(tfjsWasm()),
};

/** What happens while an engine compiles. */
export interface EngineWatcher {
  onProgress: NonNullable<CompileOptions['onProgress']>;
  onCompiled(info: ExecutableInfo): void;
}

/** Engines by name; what they compile is told to `watcher`. */
export function enginesOf(names: readonly EngineName[], watcher: EngineWatcher): Engine[] {
  return names.map((name) => {
    const engine = makers[name]();
    return {
      ...engine,
      name,
      async compile(graph, weights) {
        const executable = await engine.compile(graph, weights, { onProgress: watcher.onProgress });
        watcher.onCompiled(executable.info);
        return executable;
      },
    };
  });
}

/** The fused graph on a tfjs backend, which is loaded when it is first compiled for. */
function onTfjs(backend: TfjsBackend): Engine {
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
