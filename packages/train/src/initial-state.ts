import type { HostValues, VariableSpecs } from './model.ts';
import { type StepOptions, stateShapes } from './training-step.ts';

/** The state before the first step: the variables as given, averages equal to them, the rest zeros. */
export function initialState(specs: VariableSpecs, options: StepOptions, variables: HostValues): HostValues {
  const state = new Map<string, Float32Array>();
  for (const [name, shape] of stateShapes(specs, options)) {
    const size = shape.reduce((product, length) => product * length, 1);
    const given = variables.get(name) ?? (name.startsWith('ema/') ? variables.get(name.slice(4)) : undefined);
    state.set(name, given === undefined ? new Float32Array(size) : Float32Array.from(given));
  }
  return state;
}
