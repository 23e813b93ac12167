import { checkDict } from '../check-dict.ts';
import type { StateDict } from '../host-tensor.ts';
import { writePickle } from './write-pickle.ts';
import { writeStoredZip } from './write-stored-zip.ts';

/**
 * Writes tensors in PyTorch's layout as `torch.save` does (zip container), for `torch.load` and `load_state_dict`.
 *
 * @throws WeightsFormatError where a tensor's data is not its shape's.
 */
export function writePth(dict: StateDict): Uint8Array<ArrayBuffer> {
  checkDict(dict);
  const encoder = new TextEncoder();
  const storages = [...dict.values()].map(
    ({ data }, key) => [`archive/data/${key}`, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)] as const,
  );
  return writeStoredZip([
    ['archive/data.pkl', writePickle(dict)],
    ['archive/byteorder', encoder.encode('little')],
    ...storages,
    ['archive/version', encoder.encode('3\n')],
  ]);
}
