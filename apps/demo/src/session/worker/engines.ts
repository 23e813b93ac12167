import { wasm } from '@residual/backend-wasm';
import { tfjsWasm } from '@residual/backend-wasm/tfjs';
import { webgpu } from '@residual/backend-webgpu';
import { tfjsWebgpu } from '@residual/backend-webgpu/tfjs';
import {
  type CompileOptions,
  type Engine,
  type ExecutableInfo,
  type Graph,
  tfjsOn,
  type Weights,
} from '@residual/compile';
import type { EngineName } from './protocol.ts';

const makers: Readonly<Record<EngineName, () => Engine>> = {
  webgpu: () => webgpu(),
  wasm: () => wasm(),
  'tfjs-webgpu': () => tfjsOn(tfjsWebgpu()),
  'tfjs-wasm': () => tfjsOn(tfjsWasm()),
};

/** What was compiled, and of what. */
export interface Compiled {
  readonly info: ExecutableInfo;
  readonly graph: Graph;
  readonly weights: Weights;
}

/** What happens while an engine compiles. */
export interface EngineWatcher {
  onProgress: NonNullable<CompileOptions['onProgress']>;
  onCompiled(compiled: Compiled): void;
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
        watcher.onCompiled({ info: executable.info, graph, weights });
        return executable;
      },
    };
  });
}
