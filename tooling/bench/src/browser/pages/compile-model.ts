import { viewStateDict } from '@residual/blocks';
import { type Engine, type Executable, traceModel } from '@residual/compile';
import { getSpec } from '@residual/resnet/registry';
import { readStateDict, sourceFromBytes } from '@residual/weights';
import { higherLimits, limitsOfEngine } from '../../profile/limits.ts';
import { blueprintOf } from '../../weights.ts';
import type { PageJob, PageRunner } from '../page-protocol.ts';

/** An engine whose executables may do more than any engine's. */
interface EngineOf<E extends Executable> extends Engine {
  compile(...network: Parameters<Engine['compile']>): Promise<E>;
}

/** Reads, traces, optimises and compiles a model as a page would. */
export async function compileOn<E extends Executable>(
  { model, sizePx, weightsUrl }: Pick<PageJob, 'model' | 'sizePx' | 'weightsUrl'>,
  engine: EngineOf<E>,
): Promise<E> {
  const bytes = new Uint8Array(await (await fetch(weightsUrl)).arrayBuffer());
  const { tensors } = await readStateDict(sourceFromBytes(bytes, weightsUrl));
  const blueprint = blueprintOf(tensors, getSpec(model));
  const graph = await traceModel(blueprint, { endpoints: ['logits'], sizePx });
  return engine.compile(graph, viewStateDict(tensors, blueprint.variableSpecs));
}

/** A model on an engine, to be timed. */
export async function compileModel(job: PageJob, engine: Engine): Promise<PageRunner> {
  const executable = await compileOn(job, engine);
  return {
    device: executable.info.device,
    async profile(image, runs) {
      const before = await limitsOfEngine(engine);
      const { outputs: _, ...profile } = await executable.profile!({ image }, { runs });
      return { profile, limits: higherLimits(before, await limitsOfEngine(engine)) };
    },
    run: async (image) => (await executable.run({ image }))['logits'] as Float32Array,
  };
}
