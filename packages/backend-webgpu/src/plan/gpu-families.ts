import type { DirectBlocking } from '../shaders/direct-convolution.ts';

/** What an adapter says of itself, of which browsers tell the vendor and mostly the architecture. */
export type AdapterNames = Pick<GPUAdapterInfo, 'vendor' | 'architecture'>;

/** GPUs that want the same kernels. Registers are of 32 bits. */
export interface GpuFamily {
  readonly name: string;
  readonly vendors: readonly string[];
  /** The architectures that the source covers; an empty name, where a browser tells none, fits too. Default: all. */
  readonly architectures?: RegExp;
  /** A thread's most, beyond which the compiler spills to memory; absent for CPUs, which spill to their caches. */
  readonly registers?: number;
  /** Registers of a core (compute unit, multiprocessor), which its threads in flight share. */
  readonly coreRegisters?: number;
  /** The first with enough threads for a layer, else the last. */
  readonly blockings: readonly [DirectBlocking, ...DirectBlocking[]];
  /** A layer's threads that keep such a GPU busy: an estimate for one of middling size. */
  readonly busyThreads: number;
  /** Whether layers of few pixels may have their channels split; default: yes. */
  readonly splitsChannels?: boolean;
  /** Where the numbers are from. */
  readonly source: string;
}

const block = (rows: number, columns: number): DirectBlocking => ({ rows, columns });

/** The first that fits an adapter is its family. */
export const gpuFamilies: readonly GpuFamily[] = [
  {
    name: 'SwiftShader',
    vendors: ['google'],
    blockings: [block(8, 4)],
    busyThreads: 1,
    source: 'measured: docs/benchmarks.md, "WebGPU, in the browser"',
  },
  {
    name: 'lavapipe',
    vendors: ['mesa'],
    blockings: [block(4, 2)],
    busyThreads: 1,
    source: 'measured: LLVM compiles a small kernel in a fraction of the time',
  },
  {
    name: 'Mali Bifrost, Valhall, 5th generation',
    vendors: ['arm'],
    architectures: /^(?!midgard)/,
    registers: 64,
    coreRegisters: 32_768,
    blockings: [block(4, 1), block(2, 1)],
    busyThreads: 4096,
    source:
      'Arm 101574, OpenCL Developer Guide, 9.6; Arm, The Valhall shader core, "Thread state"; registers of a core estimated',
  },
  {
    name: 'Intel Gen 9 to Xe2',
    vendors: ['intel'],
    registers: 128,
    coreRegisters: 7 * 128 * 8,
    blockings: [block(4, 2), block(2, 1)],
    busyThreads: 8192,
    source:
      'Intel, oneAPI GPU Optimization Guide, "Intel Xe GPU Architecture": 128 registers of 32 bytes, 7 threads an EU',
  },
  {
    name: 'AMD RDNA, GCN',
    vendors: ['amd'],
    registers: 256,
    coreRegisters: 2 * 1024 * 32,
    blockings: [block(4, 4), block(4, 2), block(2, 1)],
    busyThreads: 16_384,
    source: 'AMD, RDNA 2 ISA (256 VGPRs); LLVM, AMDGPUBaseInfo.cpp, getTotalNumVGPRs (1024 for a wave of 32)',
  },
  {
    name: 'NVIDIA Maxwell to Blackwell',
    vendors: ['nvidia'],
    registers: 255,
    coreRegisters: 65_536,
    blockings: [block(4, 4), block(4, 2), block(2, 1)],
    busyThreads: 32_768,
    source: 'NVIDIA, CUDA C++ Programming Guide, "Technical Specifications per Compute Capability"',
  },
  {
    name: 'Apple M and A',
    vendors: ['apple'],
    registers: 128,
    coreRegisters: 53_248,
    blockings: [block(4, 2), block(2, 1)],
    busyThreads: 16_384,
    source: 'Mesa, src/asahi/compiler/agx_performance.c: 256 half registers, 1024 threads of 104 of them',
  },
  {
    name: 'Adreno 6xx to 8xx',
    vendors: ['qualcomm'],
    architectures: /^(?!adreno-[3-5]xx)/,
    registers: 192,
    coreRegisters: 96 * 4 * 64,
    blockings: [block(4, 2), block(2, 1)],
    busyThreads: 8192,
    source:
      'Mesa, src/freedreno/ir3/ir3_ra.h: 48 vectors of four; fd_dev_info: reg_size_vec4 of 64 or 96; registers of a core estimated',
  },
];

/** For adapters that are not in the table, and for plans made before there is an adapter: as frugal as the least of them. */
export const unknownGpu: GpuFamily = {
  name: 'unknown',
  vendors: [],
  registers: 64,
  coreRegisters: 32_768,
  blockings: [block(4, 1), block(2, 1)],
  busyThreads: 4096,
  source: 'the least of the others',
};

export function familyOf({ vendor, architecture }: AdapterNames): GpuFamily {
  const fits = ({ vendors, architectures }: GpuFamily): boolean =>
    vendors.includes(vendor.toLowerCase()) && (architectures?.test(architecture) ?? true);
  return gpuFamilies.find(fits) ?? unknownGpu;
}
