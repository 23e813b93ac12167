import type { DeviceInUse } from '../runtime/device-source.ts';
import { PlanRunner } from '../runtime/plan-runner.ts';
import { StepClock } from '../runtime/step-clock.ts';
import { type Convolution, outPixels } from '../shaders/convolution.ts';
import type { NumberType } from '../shaders/shader.ts';
import type { Trial } from './fastest-trial.ts';
import { LoosePlan } from './loose-plan.ts';
import { type ConvolutionVariant, dispatchConvolution } from './variants.ts';

/** A convolution of zeros by one variant, timed by the device's clock where it has one, else by the host's. */
export class VariantTrial implements Trial<ConvolutionVariant> {
  readonly name: ConvolutionVariant;
  readonly #runner: PlanRunner;
  readonly #clock: StepClock | undefined;

  private constructor(name: ConvolutionVariant, runner: PlanRunner) {
    this.name = name;
    this.#runner = runner;
    this.#clock = StepClock.of(runner.device, 1);
  }

  /** @throws Where the variant does not compile, or has no room. */
  static async create(
    variant: ConvolutionVariant,
    convolution: Convolution,
    type: NumberType,
    { device, pipelines }: DeviceInUse,
  ): Promise<VariantTrial> {
    const { plan, pack } = trialPlan(variant, convolution, type);
    return new VariantTrial(variant, await PlanRunner.create(device, plan, pack, { pipelines }));
  }

  /** What a trial runs, to the letter. */
  static codeOf(variant: ConvolutionVariant, convolution: Convolution, type: NumberType): string {
    const { shaders, steps } = trialPlan(variant, convolution, type).plan;
    return JSON.stringify([shaders, steps]);
  }

  async timeMs(repeats: number): Promise<number> {
    const { device } = this.#runner;
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass(this.#clock && { timestampWrites: this.#clock.writesOf(0) });
    for (let repeat = 0; repeat < repeats; repeat++) this.#runner.encode(pass);
    pass.end();
    this.#clock?.encodeResult(encoder);
    const commands = encoder.finish();
    const beginMs = performance.now();
    device.queue.submit([commands]);
    if (this.#clock === undefined) {
      await device.queue.onSubmittedWorkDone();
      return (performance.now() - beginMs) / repeats;
    }
    const passMs = new Float64Array(1);
    await this.#clock.read(passMs);
    return passMs[0]! / repeats;
  }

  destroy(): void {
    this.#clock?.destroy();
    this.#runner.destroy();
  }
}

function trialPlan(
  variant: ConvolutionVariant,
  convolution: Convolution,
  type: NumberType,
): ReturnType<LoosePlan['finish']> {
  const { batch, height, width, inVectors, groups, narrowChannels, outVectors, residual } = convolution;
  const loose = new LoosePlan(type);
  const outCount = outPixels(convolution) * outVectors * 4;
  const isNarrow = narrowChannels > 0;
  const inCount = batch * height * width * (narrowChannels || inVectors * groups * 4);
  const x = loose.scratch(inCount, isNarrow ? 'f32' : type);
  const y = loose.scratch(outCount);
  const own = residual === 'own buffer' ? { residual: loose.scratch(outCount) } : {};
  dispatchConvolution(loose, variant, { label: variant, convolution, x, y, ...own, pack: () => new Float32Array() });
  const { plan } = loose.finish([], []);
  return { plan, pack: (block) => new Uint8Array(plan.weights[block]!) };
}
