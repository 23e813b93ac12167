import { readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';

/** The CPU by name, vector instructions that matter to convolutions, and cores. */
export function describeCpu(): string {
  const name = cpus()[0]?.model.trim() ?? process.arch;
  const cores = availableParallelism();
  const sets = instructionSets();
  return `${name}${sets.length > 0 ? `, ${sets.join(' ')}` : ''}, ${cores} ${cores === 1 ? 'core' : 'cores'}`;
}

function instructionSets(): string[] {
  const known = [
    ['avx2', 'AVX2'],
    ['avx512f', 'AVX-512'],
    ['avx512_vnni', 'VNNI'],
    ['avx512_bf16', 'BF16'],
    ['amx_tile', 'AMX'],
    ['asimd', 'NEON'],
    ['asimddp', 'DOTPROD'],
    ['bf16', 'BF16'],
  ] as const;
  let flags: Set<string>;
  try {
    const [, line] = /^(?:flags|Features)\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))!;
    flags = new Set(line!.trim().split(' '));
  } catch {
    return [];
  }
  return known.filter(([flag]) => flags.has(flag)).map(([, label]) => label);
}
