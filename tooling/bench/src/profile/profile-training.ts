import { tfjsWasm } from '@residual/backend-wasm/tfjs-node';
import { randomVars, shapesOnly } from '@residual/blocks';
import type { Engine, Executable, Profile } from '@residual/compile';
import { ResNet } from '@residual/resnet';
import { getSpec } from '@residual/resnet/registry';
import { compiledRunner, initialState, initialVariables, type ModelBuilder, sgd } from '@residual/train';
import { makePictures } from '../pictures.ts';
import type { ProfileJob } from './profile-job.ts';

/** Where the time of a step of training goes, forwards, backwards and the update by SGD with momentum. */
export async function profileTraining({ model, batch, sizePx, runs }: ProfileJob, engine: Engine): Promise<Profile> {
  // tfjs-core alone has no gradients; its backend makes the first weights.
  await import('@tensorflow/tfjs');
  await tfjsWasm().use();
  const spec = getSpec(model);
  const build: ModelBuilder = (vars) => new ResNet(spec, { vars });
  const { numClasses } = new ResNet(spec, { vars: shapesOnly });
  if (numClasses === null) throw new Error(`${model}: expected a network with classes, got one without`);
  const options = { optimizer: sgd({ momentum: 0.9, weightDecay: 1e-4 }) };
  const { specs, values } = await initialVariables(build, randomVars({ seed: 1 }));
  const profiling = profilingEngine(engine, runs);
  const runner = await compiledRunner(
    build,
    specs,
    options,
    { images: [batch, sizePx, sizePx, 3], numClasses },
    initialState(specs, options, values),
    profiling.engine,
  );
  try {
    const targets = new Float32Array(batch * numClasses);
    for (let picture = 0; picture < batch; picture++) targets[picture * numClasses + (picture % numClasses)] = 1;
    await runner.step({ images: makePictures(batch, sizePx), targets }, { learningRate: 0.1 });
  } finally {
    await runner.dispose();
  }
  const profile = profiling.last();
  return { ...profile, steps: profile.steps.map((step) => ({ ...step, name: layerOf(step.name) })) };
}

/** `layer1.0.conv1` of `state/momentum/layer1.0.conv1.weight`. */
function layerOf(name: string): string {
  return name.replace(/^state\/(momentum\/)?/, '').replace(/\.(weight|bias|running_mean|running_var)$/, '');
}

/** The engine, each run of which is a profile of it. */
function profilingEngine(engine: Engine, runs: number): { readonly engine: Engine; readonly last: () => Profile } {
  let last: Profile | undefined;
  const profiling = (executable: Executable): Executable => ({
    ...executable,
    async run(inputs) {
      last = await executable.profile!(inputs, { runs });
      return { ...last.outputs };
    },
  });
  return {
    engine: { ...engine, compile: async (...given) => profiling(await engine.compile(...given)) },
    last: () => last!,
  };
}
