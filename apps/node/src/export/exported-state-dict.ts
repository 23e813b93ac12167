import type { ExportedModel } from './export-formats.ts';

/**
 * A model's tensors under torchvision's names and in its order, float32. PyTorch's counters of batches, which nothing
 * here uses, are those of the file that the model came from; without them `load_state_dict` is strict all the same.
 */
export async function exportedStateDict({ model, source }: ExportedModel): Promise<ExportedModel['source']> {
  const dict = await model.stateDict();
  return new Map(
    [...dict].flatMap(([name, tensor]) => {
      const counter = name.replace(/running_var$/, 'num_batches_tracked');
      const found = counter === name ? undefined : source.get(counter);
      return found === undefined
        ? [[name, tensor] as const]
        : ([
            [name, tensor],
            [counter, found],
          ] as const);
    }),
  );
}
