import { cropTaps, type FilterTaps, normalize, type Preset } from '@residual/vision';
import { resizeColumns, resizeRows, TAPS_HEAD } from '../shaders/picture.ts';
import { PlanError } from './plan-error.ts';
import type { GpuInput, InputTarget } from './plan-runner.ts';

/** What a page has pictures in. */
export type PictureSource =
  | ImageBitmap
  | VideoFrame
  | HTMLVideoElement
  | HTMLImageElement
  | HTMLCanvasElement
  | OffscreenCanvas;

// WebGPU's constants, by value.
const TEXTURE_BINDING = 0x4;
const TEXTURE_COPY_DST = 0x2;
const RENDER_ATTACHMENT = 0x10;
const STORAGE_COPY_DST = 0x88;

interface Prepared {
  readonly device: GPUDevice;
  readonly width: number;
  readonly height: number;
  readonly texture: GPUTexture;
  readonly buffers: readonly GPUBuffer[];
  readonly passes: readonly {
    pipeline: GPUComputePipeline;
    group: GPUBindGroup;
    workgroups: readonly [number, number];
  }[];
}

/**
 * Gives pictures to a plan without reading them back: they are resized, cropped and normalised on the GPU, by the numbers
 * of `preprocess` of `@residual/vision` to the bit.
 *
 * Pictures of one size after the other, as of a camera, share what is prepared for that size.
 */
export class PictureInput {
  readonly #preset: Preset;
  #prepared: Prepared | undefined;

  constructor(preset: Preset) {
    this.#preset = preset;
  }

  /** A picture as an input of the next run. It must stay open until that has begun. */
  of(source: PictureSource): GpuInput {
    return { encode: (encoder, target) => this.#encode(source, encoder, target) };
  }

  /** Frees its memory on the device. */
  dispose(): void {
    this.#prepared?.texture.destroy();
    for (const buffer of this.#prepared?.buffers ?? []) buffer.destroy();
    this.#prepared = undefined;
  }

  async #encode(source: PictureSource, encoder: GPUCommandEncoder, target: InputTarget): Promise<void> {
    const { width, height } = sizeOf(source);
    const { cropPx } = this.#preset;
    if (String(target.shape) !== String([1, cropPx, cropPx, 3])) {
      const expected = `[${target.shape.join(', ')}]`;
      throw new PlanError(
        'BAD_INPUT',
        `picture: expected a preset for ${expected}, got crops of ${cropPx}; trace ${cropPx}`,
      );
    }
    let prepared = this.#prepared;
    if (prepared?.device !== target.device || prepared.width !== width || prepared.height !== height) {
      this.dispose();
      prepared = await this.#prepare(width, height, target);
      this.#prepared = prepared;
    }
    const { texture, passes } = prepared;
    target.device.queue.copyExternalImageToTexture({ source }, { texture }, { width, height });
    for (const { pipeline, group, workgroups } of passes) {
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(...workgroups);
      pass.end();
    }
  }

  async #prepare(width: number, height: number, { device, compile, buffer, pitch }: InputTarget): Promise<Prepared> {
    const { cropPx } = this.#preset;
    const { columns, rows, region, left, top } = cropTaps({ width, height }, this.#preset);
    const first = rows.starts[0]!;
    const rowCount = rows.starts[region.height - 1]! + rows.counts[region.height - 1]! - first;
    const [horizontal, vertical] = await Promise.all([compile(resizeColumns()), compile(resizeRows(cropPx, pitch))]);
    const texture = device.createTexture({
      size: { width, height },
      format: 'rgba8unorm',
      usage: TEXTURE_BINDING | TEXTURE_COPY_DST | RENDER_ATTACHMENT,
    });
    const upload = (data: Int32Array<ArrayBuffer> | Float32Array): GPUBuffer => {
      const made = device.createBuffer({ size: data.byteLength, usage: STORAGE_COPY_DST });
      device.queue.writeBuffer(made, 0, data as Int32Array<ArrayBuffer>);
      return made;
    };
    const columnTaps = upload(packTaps(columns, region.width, [left, 0]));
    const rowTaps = upload(packTaps(rows, region.height, [first, rowCount, top]));
    const levels = upload(levelsOf(this.#preset));
    const between = device.createBuffer({ size: rowCount * region.width * 4, usage: STORAGE_COPY_DST });
    const bind = (pipeline: GPUComputePipeline, resources: readonly GPUBindingResource[]): GPUBindGroup =>
      device.createBindGroup({
        layout: pipeline.getBindGroupLayout(0),
        entries: resources.map((resource, binding) => ({ binding, resource })),
      });
    const own = { buffer };
    const [columnsOf, rowsOf, levelsAt, middle] = [columnTaps, rowTaps, levels, between].map((one) => ({
      buffer: one,
    }));
    return {
      device,
      width,
      height,
      texture,
      buffers: [columnTaps, rowTaps, levels, between],
      passes: [
        {
          pipeline: horizontal,
          group: bind(horizontal, [texture.createView(), columnsOf!, rowsOf!, middle!]),
          workgroups: [Math.ceil(region.width / 8), Math.ceil(rowCount / 8)],
        },
        {
          pipeline: vertical,
          group: bind(vertical, [middle!, columnsOf!, rowsOf!, levelsAt!, own]),
          workgroups: [Math.ceil(cropPx / 8), Math.ceil(cropPx / 8)],
        },
      ],
    };
  }
}

/** `[count, numbers of an output, …others]`, then `[start, count, weights…]` of each. */
function packTaps(taps: FilterTaps, count: number, others: readonly number[]): Int32Array<ArrayBuffer> {
  const each = taps.stride + 2;
  const head = Math.max(TAPS_HEAD, others.length + 2);
  const packed = new Int32Array(head + count * each);
  packed.set([count, each, ...others]);
  for (let i = 0; i < count; i++) {
    packed.set([taps.starts[i]!, taps.counts[i]!], head + i * each);
    packed.set(taps.weights.subarray(i * taps.stride, (i + 1) * taps.stride), head + i * each + 2);
  }
  return packed;
}

/** What each of the 256 bytes becomes, `[256, 3]`. */
function levelsOf(preset: Preset): Float32Array {
  const data = Uint8Array.from({ length: 768 }, (_, i) => Math.floor(i / 3));
  return normalize({ width: 256, height: 1, channels: 3, data }, preset);
}

function sizeOf(source: PictureSource): { width: number; height: number } {
  if ('displayWidth' in source) return { width: source.displayWidth, height: source.displayHeight };
  if ('videoWidth' in source) return { width: source.videoWidth, height: source.videoHeight };
  if ('naturalWidth' in source) return { width: source.naturalWidth, height: source.naturalHeight };
  return source;
}
