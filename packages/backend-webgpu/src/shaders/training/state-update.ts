import { FLAT_MAIN, flat } from '../flat.ts';
import { repeat, type Shader } from '../shader.ts';

export interface StateUpdate {
  /** Vectors of all parameters together. */
  readonly count: number;
  /** Make results from `r0`, `r1`, … and `s0`, `s1`, …. */
  readonly lines: readonly string[];
  readonly roles: readonly { readonly result?: string }[];
  readonly scalarCount: number;
}

/** New state from old, in place: a vector a thread. */
export function stateUpdate({ count, lines, roles, scalarCount }: StateUpdate): Shader {
  const { uniforms, workgroups } = flat(count);
  const numbers = Array.from({ length: scalarCount }, (_, index) => `number${index}`);
  const body = `${FLAT_MAIN}
  ${repeat(roles.length, (role) => `let r${role} = role${role}_unpack(role${role}[item]);`)}
  ${repeat(scalarCount, (index) => `let s${index} = vec4f(number${index}_number(0u));`)}
  ${lines.join('\n  ')}
  ${roles.map(({ result }, role) => (result ? `role${role}[item] = role${role}_pack(${result});` : '')).join('\n  ')}
}`;
  return {
    buffers: [
      ...roles.map(({ result }, role) => ({
        name: `role${role}`,
        isWritten: result !== undefined,
        element: 'vector' as const,
      })),
      ...numbers.map((name) => ({ name, isWritten: false, element: 'number' as const })),
    ],
    uniforms,
    body,
    workgroups,
  };
}
