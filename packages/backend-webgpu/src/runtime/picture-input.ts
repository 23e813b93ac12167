import { cropTaps, type FilterTaps, normalize, type PixelImage, type Preset } from '@residual/vision';
import { type PictureStore, resizeColumns, resizeRows, TAPS_HEAD } from '../shaders/picture.ts';
import { PlanError } from './plan-error.ts';
import type { GpuInput, InputTarget } from './plan-runner.ts';

/** What a page has pictures in, or decoded pixels. */
export type PictureSource =
  | ImageBitmap
  | VideoFrame
  | HTMLVideoElement
  | HTMLImageElement
  | HTMLCanvasElement
  | OffscreenCanvas
  | PixelImage;

// WebGPU's constants, by value.
const TEXTURE_BINDING = 0x4;
const TEXTURE_COPY_DST = 0x2;
const RENDER_ATTACHMENT = 0x10;
const STORAGE_COPY_DST = 0x88;

interface Pass {
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
  readonly workgroups: readonly [number, number];
}

/** What pictures of one size at one place of a batch share. */
interface Prepared {
  readonly device: GPUDevice;
  /** Where the plan has its input. */
  readonly target: GPUBuffer;
  readonly store: PictureStore;
  readonly width: number;
  readonly height: number;
  /** The pixels, but for a frame, which is where its decoder has left it. */
  readonly picture: GPUTexture | GPUBuffer | undefined;
  readonly buffers: readonly GPUBuffer[];
  readonly horizontal: Omit<Pass, 'group'>;
  /** What the horizontal pass reads and writes beside the picture. */
  readonly resources: readonly GPUBindingResource[];
  readonly vertical: Pass;
}

/**
 * Gives pictures to a plan without reading them back: they are resized, cropped and normalised on the GPU, by the numbers
 * of `preprocess` of `@residual/vision` to the bit. A video's frame is read where its decoder has left it, and its colours
 * are what the GPU makes of them.
 *
 * Pictures of one size after the other, as of a camera, share what is prepared for that size.
 */
export class PictureInput {
  readonly #preset: Preset;
  /** By place in a batch. */
  readonly #prepared: (Prepared | undefined)[] = [];
  #importsFrames = typeof VideoFrame !== 'undefined';

  constructor(preset: Preset) {
    this.#preset = preset;
  }

  /** A picture, or a whole batch of them, as an input of the next run. They must stay open until that has begun. */
  of(sources: PictureSource | readonly PictureSource[]): GpuInput {
    const batch = Array.isArray(sources) ? (sources as readonly PictureSource[]) : [sources as PictureSource];
    return {
      encode: async (encoder, target) => {
        this.#check(batch.length, target);
        const pictures = await this.#takeAll(batch, target);
        const end = (): void => {
          for (const picture of pictures) picture.end?.();
        };
        try {
          for (const { resource, prepared } of pictures) encode(resource, prepared, encoder);
        } catch (error) {
          end();
          throw error;
        }
        return end;
      },
    };
  }

  /** All pictures where shaders can read them. */
  async #takeAll(
    batch: readonly PictureSource[],
    target: InputTarget,
  ): Promise<(TakenPicture & { readonly prepared: Prepared })[]> {
    await Promise.all(batch.map((source, place) => this.#prepare(source, place, target)));
    const taken: (TakenPicture & { readonly prepared: Prepared })[] = [];
    try {
      // Nothing is waited for from here to the submit: what a page imports lives as long as its task.
      for (const [place, source] of batch.entries()) {
        const prepared = this.#prepared[place]!;
        taken.push({ ...take(source, prepared), prepared });
      }
      return taken;
    } catch (error) {
      for (const { end } of taken) end?.();
      if (!(error instanceof ImportRefused)) throw error;
      // Some drivers cannot import frames: they are copied on the device instead.
      this.#importsFrames = false;
      return this.#takeAll(batch, target);
    }
  }

  /** Frees its memory on the device. */
  dispose(): void {
    for (const prepared of this.#prepared.splice(0)) free(prepared);
  }

  #check(count: number, { shape }: InputTarget): void {
    const { cropPx } = this.#preset;
    if (String(shape.slice(1)) !== String([cropPx, cropPx, 3])) {
      const expected = `expected a preset for [${shape.join(', ')}]`;
      throw new PlanError('BAD_INPUT', `picture: ${expected}, got crops of ${cropPx}; trace ${cropPx}`);
    }
    if (count === shape[0]) return;
    const expected = `expected pictures for a batch of ${shape[0]}`;
    throw new PlanError('BAD_INPUT', `picture: ${expected}, got ${count}; trace a batch of ${count}`);
  }

  #storeOf(source: PictureSource, device: GPUDevice): PictureStore {
    if (isPixels(source)) return 'bytes';
    const isVideo = 'displayWidth' in source || 'videoWidth' in source;
    return isVideo && this.#importsFrames && 'importExternalTexture' in device ? 'frame' : 'texture';
  }

  async #prepare(source: PictureSource, place: number, target: InputTarget): Promise<void> {
    const { device, compile, pitch } = target;
    checkSource(source);
    const store = this.#storeOf(source, device);
    const { width, height } = sizeOf(source);
    const known = this.#prepared[place];
    const isOfPlan = known?.device === device && known.target === target.buffer;
    if (isOfPlan && known.store === store && known.width === width && known.height === height) return;
    const { cropPx } = this.#preset;
    const [horizontal, vertical] = await Promise.all([
      compile(resizeColumns(store)),
      compile(resizeRows(cropPx, pitch)),
    ]);
    free(known);
    this.#prepared[place] = undefined;
    const { columns, rows, region, left, top } = cropTaps({ width, height }, this.#preset);
    const first = rows.starts[0]!;
    const rowCount = rows.starts[region.height - 1]! + rows.counts[region.height - 1]! - first;
    checkSize(device, store, width, height);
    device.pushErrorScope('out-of-memory');
    const picture = makePicture(device, store, width, height);
    const upload = (data: Int32Array<ArrayBuffer> | Float32Array): GPUBuffer => {
      const made = device.createBuffer({ size: data.byteLength, usage: STORAGE_COPY_DST });
      device.queue.writeBuffer(made, 0, data as Int32Array<ArrayBuffer>);
      return made;
    };
    const columnTaps = upload(packTaps(columns, region.width, [left, place]));
    const rowTaps = upload(packTaps(rows, region.height, [first, rowCount, top, width]));
    const levels = upload(levelsOf(this.#preset));
    const between = device.createBuffer({ size: rowCount * region.width * 4, usage: STORAGE_COPY_DST });
    const [columnsOf, rowsOf, levelsAt, middle, own] = [columnTaps, rowTaps, levels, between, target.buffer].map(
      (buffer) => ({ buffer }),
    );
    const prepared: Prepared = {
      device,
      target: target.buffer,
      store,
      width,
      height,
      picture,
      buffers: [columnTaps, rowTaps, levels, between],
      horizontal: { pipeline: horizontal, workgroups: [Math.ceil(region.width / 8), Math.ceil(rowCount / 8)] },
      resources: [columnsOf!, rowsOf!, middle!],
      vertical: {
        pipeline: vertical,
        group: bind(device, vertical, [middle!, columnsOf!, rowsOf!, levelsAt!, own!]),
        workgroups: [Math.ceil(cropPx / 8), Math.ceil(cropPx / 8)],
      },
    };
    const shortage = await device.popErrorScope();
    if (shortage) {
      free(prepared);
      throw tooLarge(width, height);
    }
    this.#prepared[place] = prepared;
  }
}

/** A driver that does not give frames to shaders. */
class ImportRefused extends Error {}

/** @throws PlanError (`BAD_INPUT`) */
function checkSource(source: PictureSource): void {
  const { width, height } = sizeOf(source);
  const isLoaded = !('readyState' in source) || source.readyState >= source.HAVE_CURRENT_DATA;
  if (!(width >= 1 && height >= 1 && isLoaded)) {
    const expected = 'picture: expected one that is loaded and open';
    throw new PlanError('BAD_INPUT', `${expected}, got none of its pixels; wait until it is loaded`);
  }
  if (!isPixels(source) || (source.channels === 3 && source.data.length === 3 * width * height)) return;
  const got = `${source.channels ?? 4} channels and ${source.data.length} bytes for ${width} × ${height} pixels`;
  throw new PlanError('BAD_INPUT', `picture: expected RGB, three bytes a pixel, got ${got}; convert it`);
}

/** A picture where a shader can read it, and what is to be done once that is submitted. */
interface TakenPicture {
  readonly resource: GPUBindingResource;
  readonly end?: () => void;
}

function take(source: PictureSource, { device, width, height, picture }: Prepared): TakenPicture {
  if (isPixels(source)) {
    const buffer = picture as GPUBuffer;
    const whole = source.data.length & ~3;
    device.queue.writeBuffer(buffer, 0, source.data as Uint8Array<ArrayBuffer>, 0, whole);
    const rest = new Uint8Array(4);
    rest.set(source.data.subarray(whole));
    if (whole < source.data.length) device.queue.writeBuffer(buffer, whole, rest);
    return { resource: { buffer } };
  }
  if (picture !== undefined) {
    const texture = picture as GPUTexture;
    device.queue.copyExternalImageToTexture({ source }, { texture }, { width, height });
    return { resource: texture.createView() };
  }
  if (!('videoWidth' in source)) return { resource: importFrame(device, source as VideoFrame) };
  const frame = new VideoFrame(source);
  try {
    return { resource: importFrame(device, frame), end: () => frame.close() };
  } catch (error) {
    frame.close();
    throw error;
  }
}

/** @throws ImportRefused */
function importFrame(device: GPUDevice, source: VideoFrame): GPUExternalTexture {
  try {
    return device.importExternalTexture({ source });
  } catch (cause) {
    throw new ImportRefused(String(cause), { cause });
  }
}

/** Both passes of a picture. */
function encode(
  picture: GPUBindingResource,
  { device, horizontal, resources, vertical }: Prepared,
  encoder: GPUCommandEncoder,
): void {
  run(encoder, { ...horizontal, group: bind(device, horizontal.pipeline, [picture, ...resources]) });
  run(encoder, vertical);
}

function run(encoder: GPUCommandEncoder, { pipeline, group, workgroups }: Pass): void {
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, group);
  pass.dispatchWorkgroups(...workgroups);
  pass.end();
}

function bind(device: GPUDevice, pipeline: GPUComputePipeline, resources: readonly GPUBindingResource[]): GPUBindGroup {
  const entries = resources.map((resource, binding) => ({ binding, resource }));
  return device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
}

/** @throws PlanError (`TOO_LARGE`) for pixels that the device does not take in one buffer or texture. */
function checkSize({ limits }: GPUDevice, store: PictureStore, width: number, height: number): void {
  const { maxStorageBufferBindingSize, maxBufferSize, maxTextureDimension2D } = limits;
  const fits =
    store === 'bytes'
      ? bytesOfPixels(width, height) <= Math.min(maxStorageBufferBindingSize, maxBufferSize)
      : store === 'frame' || Math.max(width, height) <= maxTextureDimension2D;
  if (!fits) throw tooLarge(width, height);
}

function makePicture(
  device: GPUDevice,
  store: PictureStore,
  width: number,
  height: number,
): GPUTexture | GPUBuffer | undefined {
  if (store === 'frame') return undefined;
  if (store === 'bytes') return device.createBuffer({ size: bytesOfPixels(width, height), usage: STORAGE_COPY_DST });
  const usage = TEXTURE_BINDING | TEXTURE_COPY_DST | RENDER_ATTACHMENT;
  return device.createTexture({ size: { width, height }, format: 'rgba8unorm', usage });
}

/** In whole numbers of 32 bits. */
function bytesOfPixels(width: number, height: number): number {
  return Math.ceil((width * height * 3) / 4) * 4;
}

function tooLarge(width: number, height: number): PlanError {
  const expected = 'picture: expected one that the device takes whole';
  return new PlanError('TOO_LARGE', `${expected}, got ${width} × ${height} pixels; make it smaller`);
}

function free(prepared: Prepared | undefined): void {
  prepared?.picture?.destroy();
  for (const buffer of prepared?.buffers ?? []) buffer.destroy();
}

/** `[count, numbers of an output, …others]`, then `[start, count, weights…]` of each. */
function packTaps(taps: FilterTaps, count: number, others: readonly number[]): Int32Array<ArrayBuffer> {
  const each = taps.stride + 2;
  const packed = new Int32Array(TAPS_HEAD + count * each);
  packed.set([count, each, ...others]);
  for (let i = 0; i < count; i++) {
    packed.set([taps.starts[i]!, taps.counts[i]!], TAPS_HEAD + i * each);
    packed.set(taps.weights.subarray(i * taps.stride, (i + 1) * taps.stride), TAPS_HEAD + i * each + 2);
  }
  return packed;
}

/** What each of the 256 bytes becomes, `[256, 3]`. */
function levelsOf(preset: Preset): Float32Array {
  const data = Uint8Array.from({ length: 768 }, (_, i) => Math.floor(i / 3));
  return normalize({ width: 256, height: 1, channels: 3, data }, preset);
}

function isPixels(source: PictureSource): source is PixelImage {
  return 'data' in source;
}

function sizeOf(source: PictureSource): { width: number; height: number } {
  if ('displayWidth' in source) return { width: source.displayWidth, height: source.displayHeight };
  if ('videoWidth' in source) return { width: source.videoWidth, height: source.videoHeight };
  if ('naturalWidth' in source) return { width: source.naturalWidth, height: source.naturalHeight };
  return source;
}
