import type { TensorEntry } from '../weights-index.ts';
import type { FoundNetwork } from './found-network.ts';

/**
 * The rule by which one of several networks is taken, from the first to the last:
 * 1. averaged weights (`ema`, `averaged`, `swa`), as timm takes them;
 * 2. the encoder that is trained before the one that follows it: query before key, online before target; a teacher of
 *    the same shapes as its student (DINO, mean teachers), which is the student's average, else the student;
 * 3. the one with a head;
 * 4. the one with more tensors, then the file's order.
 */
export function rankNetworks(networks: readonly FoundNetwork[]): readonly FoundNetwork[] {
  const students = new Set(networks.filter(({ path }) => hasSegment(path, student)).map(shapesOf));
  const rank = (network: FoundNetwork): readonly number[] => {
    const { path, tensors } = network;
    const isTeacher = hasSegment(path, teacher);
    const isAverage = isTeacher && students.has(shapesOf(network));
    const isFollower = hasSegment(path, follower) || (isTeacher && !isAverage && students.size > 0);
    return [isEma(path) ? 0 : 1, isAverage ? 0 : isFollower ? 2 : 1, hasHead(network) ? 0 : 1, -tensors.size];
  };
  const ranked = networks.map((network) => ({ network, rank: rank(network) }));
  ranked.sort((a, b) => {
    const differs = a.rank.findIndex((value, index) => value !== b.rank[index]);
    return differs < 0 ? 0 : a.rank[differs]! - b.rank[differs]!;
  });
  return ranked.map(({ network }) => network);
}

/** Whether a path leads to averaged weights. */
export function isEma(path: string): boolean {
  return hasSegment(path, /(^|_)(ema|swa|averaged?)(_|$)/i);
}

/** Whether a network has a classifier. */
export function hasHead({ tensors }: FoundNetwork): boolean {
  return [...tensors.keys()].some((name) => /^(fc|head\.fc|last_linear)\./.test(name));
}

const student = /^student/i;
const teacher = /^teacher/i;
const follower = /^(momentum_|target_|key_|ema_k|discriminator|netd$|d$)|_k$|_key$|_target$|_momentum$/i;

function hasSegment(path: string, pattern: RegExp): boolean {
  return path.split('.').some((segment) => pattern.test(segment));
}

function shapesOf({ tensors }: FoundNetwork): string {
  return [...tensors]
    .filter(([name]) => name.startsWith('layer'))
    .map(([name, { shape }]) => `${name} ${shape}`)
    .join();
}

/** One network of those that are the same tensors under two names, or a part of another one's. */
export function distinctNetworks(networks: readonly FoundNetwork[]): readonly FoundNetwork[] {
  const largestFirst = [...networks].sort((a, b) => b.tensors.size - a.tensors.size);
  const kept = new Set<FoundNetwork>();
  for (const network of largestFirst) {
    if (![...kept].some((other) => isPartOf(network, other))) kept.add(network);
  }
  return networks.filter((network) => kept.has(network));
}

function isPartOf(network: FoundNetwork, other: FoundNetwork): boolean {
  const isSame = (a: TensorEntry, b: TensorEntry | undefined) => a.storage === b?.storage && a.offset === b.offset;
  return [...network.tensors].every(([name, entry]) => isSame(entry, other.tensors.get(name)));
}
