import type { ByteSource } from '../byte-source.ts';
import { readTensors } from '../read-tensors.ts';
import { readWeightsIndex } from '../read-weights-index.ts';
import { downloadFile, type FileRequest } from './download-file.ts';
import type { OpenedFile } from './file-folder.ts';
import type { Hub } from './hub.ts';
import type { ProgressReporter } from './progress-reporter.ts';

/** Who downloads, and what messages call the file. */
export interface DownloadContext {
  readonly name: string;
  readonly hub: Hub;
  readonly progress: ProgressReporter;
}

/** A file of weights from the cache, or downloaded into it once it has been found to be weights. @throws HubError */
export async function openDownload(wanted: FileRequest, { name, hub, progress }: DownloadContext): Promise<OpenedFile> {
  const check = wanted.sha256 === undefined ? readEveryTensor : readWeightsIndex;
  const file = await downloadFile({ ...wanted, check }, hub, progress);
  return {
    name,
    sizeBytes: file.sizeBytes,
    sha256: file.info.sha256,
    read: (offset, length) => file.read(offset, length),
    close: () => file.close(),
    discard: async () => {
      await hub.cache.delete(wanted.url);
    },
  };
}

/** Reads every tensor, and so every checksum that the file itself has. */
async function readEveryTensor(source: ByteSource): Promise<void> {
  const { stateDicts } = await readWeightsIndex(source);
  for (const { tensors } of stateDicts) for await (const [name] of readTensors(source, tensors)) void name;
}
