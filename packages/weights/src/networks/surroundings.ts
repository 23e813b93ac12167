import type { TensorEntry } from '../weights-index.ts';
import type { NetworkRoot } from './dict-names.ts';

/** Tensors by the child that they belong to, and by their names within it (empty for a tensor that is the child). */
export type Children = ReadonlyMap<string, ReadonlyMap<string, TensorEntry>>;

/** A state dict's tensors, shared out among the networks in it. */
export interface Surroundings {
  /** Tensors of the network at a prefix, by the names after it. */
  inside(root: string): ReadonlyMap<string, TensorEntry>;
  /** What hangs beside networks at a prefix that leads to one, and belongs to none of them. */
  beside(prefix: string): Children;
}

/** More modules side by side are no network of anybody's: a bound on what a hostile file can make the search do. */
export const mostNeighbours = 1000;

/** Shares a state dict's tensors out: each goes to the network with the longest prefix that its name has. */
export function shareOut(tensors: ReadonlyMap<string, TensorEntry>, roots: readonly NetworkRoot[]): Surroundings {
  const inside = new Map<string, Map<string, TensorEntry>>(roots.map(({ root }) => [root, new Map()]));
  const beside = new Map<string, Map<string, Map<string, TensorEntry>>>();
  for (const { root } of roots) for (const prefix of prefixesOf(root)) beside.set(prefix, new Map());
  for (const [name, entry] of tensors) {
    const prefixes = prefixesOf(name);
    const root = prefixes.find((prefix) => inside.has(prefix));
    if (root !== undefined) inside.get(root)!.set(name.slice(root.length), entry);
    else for (const prefix of prefixes) addChild(beside.get(prefix), name.slice(prefix.length), entry);
  }
  const none = new Map<string, never>();
  const besideAt = (prefix: string): Children => {
    const children = beside.get(prefix) ?? none;
    return children.size > mostNeighbours ? none : children;
  };
  return { inside: (root) => inside.get(root) ?? none, beside: besideAt };
}

/** Children but for those of these names. */
export function omitChildren(children: Children, omitted: readonly string[]): Children {
  if (omitted.length === 0) return children;
  return new Map([...children].filter(([child]) => !omitted.includes(child)));
}

/** Tensors by the child that they belong to. */
export function childrenOf(tensors: Iterable<readonly [string, TensorEntry]>): Children {
  const children = new Map<string, Map<string, TensorEntry>>();
  for (const [name, entry] of tensors) addChild(children, name, entry);
  return children;
}

function addChild(children: Map<string, Map<string, TensorEntry>> | undefined, name: string, entry: TensorEntry): void {
  if (children === undefined) return;
  const end = name.indexOf('.');
  const child = end < 0 ? name : name.slice(0, end);
  const tensors = children.get(child) ?? new Map<string, TensorEntry>();
  children.set(child, tensors);
  tensors.set(end < 0 ? '' : name.slice(end + 1), entry);
}

/** How many segments may lead to a network: a bound on what a hostile file can make the search do. */
export const deepestRoot = 12;

/** The prefixes of a name that end in a dot and are shorter than it, longest first; the last is empty. */
export function prefixesOf(name: string): string[] {
  const prefixes = [''];
  for (let at = name.indexOf('.'); at >= 0 && at < name.length - 1; at = name.indexOf('.', at + 1)) {
    if (prefixes.length > deepestRoot) break;
    prefixes.unshift(name.slice(0, at + 1));
  }
  return prefixes;
}
