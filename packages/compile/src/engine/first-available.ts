import type { Weights } from '../bind.ts';
import type { CompileOptions, Engine, Executable } from '../engine.ts';
import type { Graph } from '../graph.ts';
import { EngineError } from './engine-error.ts';

/** An engine that was passed over, and why. */
export interface PassedOverEngine {
  readonly name: string;
  readonly reason: string;
}

export interface EngineChoice {
  readonly engine: Engine;
  /** Those before it in the list. */
  readonly passedOver: readonly PassedOverEngine[];
}

/**
 * Takes the first engine that can run here; which, and why not those before it, is in the result.
 *
 * @throws EngineError (`UNAVAILABLE`) where none can, with each one's reason.
 */
export async function firstAvailable(engines: readonly Engine[]): Promise<EngineChoice> {
  const passedOver: PassedOverEngine[] = [];
  for (const engine of engines) {
    const { available, reason } = await engine.isAvailable();
    if (available) return { engine, passedOver };
    passedOver.push({ name: engine.name, reason });
  }
  throw noneOf(passedOver);
}

/**
 * Compiles a graph by the first engine that is available, has all of the graph's operations, and computes in the precision.
 *
 * @throws EngineError (`UNAVAILABLE`) where none can, with each one's reason; of a single engine its own.
 */
export async function compileFor(
  engines: readonly Engine[],
  graph: Graph,
  weights: Weights,
  options?: CompileOptions,
): Promise<EngineChoice & { readonly executable: Executable }> {
  const passedOver: PassedOverEngine[] = [];
  for (const engine of engines) {
    const { available, reason } = await engine.isAvailable();
    if (!available) {
      passedOver.push({ name: engine.name, reason });
      continue;
    }
    try {
      return { engine, passedOver, executable: await engine.compile(graph, weights, options) };
    } catch (error) {
      if (!EngineError.isInstance(error) || (error.code !== 'UNSUPPORTED_NODE' && error.code !== 'UNAVAILABLE'))
        throw error;
      if (engines.length === 1) throw error;
      passedOver.push({ name: engine.name, reason: error.message });
    }
  }
  throw noneOf(passedOver);
}

function noneOf(passedOver: readonly PassedOverEngine[]): EngineError {
  const reasons = passedOver.map(({ name, reason }) => `${name} (${reason})`).join(', ');
  const names = passedOver.map(({ name }) => name).join(', ');
  return new EngineError(
    'UNAVAILABLE',
    names,
    `engines: expected one that can run here, got ${reasons || 'none'}; add another, such as tfjs()`,
  );
}
