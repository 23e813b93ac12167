/** How many dispatches a piece of work sends to a GPU, whoever sends them; undefined where there is no WebGPU. */
export async function countDispatches(work: () => Promise<void>): Promise<number | undefined> {
  const encoder = globalThis.GPUComputePassEncoder?.prototype;
  if (encoder === undefined) {
    await work();
    return undefined;
  }
  const { dispatchWorkgroups } = encoder;
  let count = 0;
  encoder.dispatchWorkgroups = function (...size) {
    count += 1;
    return dispatchWorkgroups.apply(this, size);
  };
  try {
    await work();
  } finally {
    encoder.dispatchWorkgroups = dispatchWorkgroups;
  }
  return count === 0 ? undefined : count;
}
