import { KernelError } from './kernel-error.ts';

/**
 * The arrays in the order of the names.
 *
 * @throws KernelError (`BAD_INPUT`) for one that is missing, unknown or no `Float32Array`.
 */
export function orderInputs(
  names: readonly string[],
  inputs: Readonly<Record<string, Float32Array>>,
): Float32Array<ArrayBuffer>[] {
  const unknown = Object.keys(inputs).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new KernelError('BAD_INPUT', `${unknown}: expected inputs ${names.join(', ')}, got another; leave it out`);
  }
  return names.map((name) => {
    const data: unknown = inputs[name];
    if (data instanceof Float32Array) return data as Float32Array<ArrayBuffer>;
    const got = data === undefined ? 'nothing' : Object.prototype.toString.call(data).slice(8, -1);
    throw new KernelError('BAD_INPUT', `${name}: expected a Float32Array, got ${got}`);
  });
}
