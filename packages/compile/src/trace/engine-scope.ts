import { type DataId, engine, env, type KernelBackend, type Variable } from '@tensorflow/tfjs-core';
import { RandomScopes } from './random-scopes.ts';
import { TraceError } from './trace-error.ts';

export const traceBackendName = 'residual-trace';

/** The part of tfjs's engine (4.22) that says where operations go and what is accounted for. */
interface EngineFields {
  backendName: string | undefined;
  backendInstance: KernelBackend | null;
  pendingBackendInit: Promise<boolean> | null | undefined;
  profiler: unknown;
  state: EngineState;
}

interface EngineState {
  tensorInfo: WeakMap<DataId, object>;
  readonly registeredVariables: Record<string, Variable>;
}

/**
 * Runs `f` with `backend` as tfjs's current one and with accounts of its own, then puts everything back.
 *
 * Tensors and variables that `f` makes are not counted, named or scoped in the caller's engine, and those it was given
 * are never moved or freed. `setBackend` would do neither: it needs a registered backend, and starts the other one anew.
 *
 * @throws TraceError where `f` assigns to a variable of the caller's, or draws random numbers.
 */
export function withBackend<T>(backend: KernelBackend, f: () => T): T {
  const fields = engine() as unknown as EngineFields;
  const { backendName, backendInstance, pendingBackendInit, profiler, state } = fields;
  const dataIds = new Map(Object.values(state.registeredVariables).map((variable) => [variable, variable.dataId]));
  const isDebug = env().getBool('DEBUG');
  if (isDebug) env().set('DEBUG', false);
  Object.assign(fields, {
    backendName: traceBackendName,
    backendInstance: backend,
    pendingBackendInit: null,
    state: Object.assign(new (state.constructor as new () => EngineState)(), {
      tensorInfo: new OverlaidMap(state.tensorInfo),
      scopeStack: new RandomScopes(),
    }),
  });
  try {
    return f();
  } finally {
    Object.assign(fields, { backendName, backendInstance, pendingBackendInit, profiler, state });
    if (isDebug) env().set('DEBUG', true);
    restoreVariables(dataIds);
  }
}

/** The names of the variables that tfjs knows, by their data. */
export function variableNames(): Map<DataId, string> {
  const { registeredVariables } = (engine() as unknown as EngineFields).state;
  return new Map(Object.values(registeredVariables).map(({ dataId, name }) => [dataId, name]));
}

function restoreVariables(dataIds: ReadonlyMap<Variable, DataId>): void {
  const assigned = [...dataIds].filter(([variable, dataId]) => variable.dataId !== dataId);
  for (const [variable, dataId] of assigned) variable.dataId = dataId;
  const [first] = assigned;
  if (first !== undefined) {
    throw new TraceError(
      `variable '${first[0].name}': expected a function that changes nothing, got an assignment; return the new value as an output`,
    );
  }
}

/** Finds what the outer map has, and owns only what it was given: an outer tensor can be read, not freed. */
class OverlaidMap extends WeakMap<DataId, object> {
  readonly #outer: WeakMap<DataId, object>;

  constructor(outer: WeakMap<DataId, object>) {
    super();
    this.#outer = outer;
  }

  override get(dataId: DataId): object | undefined {
    return super.get(dataId) ?? this.#outer.get(dataId);
  }
}
