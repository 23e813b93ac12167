import type { TensorEntry } from '../weights-index.ts';
import { type ClassifierHead, classifierHead, headChildren } from './classifier-head.ts';
import { isBystander, isOtherTask } from './leftovers.ts';
import { listNames } from './list-names.ts';
import type { Backbone } from './network-tensors.ts';
import { type Children, mostNeighbours, prefixesOf, type Surroundings } from './surroundings.ts';

/** A network's head, and what else hangs in and around it. */
export interface HeadSearch {
  /** The head under `fc.`; empty without one. */
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  /** The child that was taken as the head. */
  readonly child: string | undefined;
  readonly classCount: number | undefined;
  /** Children of the network that nobody knows: what they do to its answer can't be told. */
  readonly unknown: ReadonlyMap<string, TensorEntry>;
  readonly notes: readonly string[];
}

interface Candidate extends ClassifierHead {
  readonly child: string;
}

/**
 * Finds the classifier of a network: its own child, or one beside it that takes as many features as it has. Of several
 * it takes none, nor one behind modules that nobody knows, for that would be another network's answer.
 */
export function findHead(root: string, backbone: Backbone, around: Surroundings): HeadSearch {
  const children = headsAmong(backbone.others, (child) => headChildren.test(child) || isNumber(child));
  const own = isSelfSupervised(root, around) ? [] : children;
  const near = headBeside(root, backbone, own, around);
  const notes: string[] = [];
  let head: Candidate | undefined;
  if (children.length > own.length) {
    notes.push(`no head: ${listNames(children.map(({ child }) => child))} is of self-supervised training`);
  }
  if (own.length > 0) {
    const all = [...own, ...near.heads];
    if (all.length === 1) head = own[0];
    else notes.push(`no head: ${listNames(all.map(({ child }) => child))} may each be it, or one behind the other`);
  } else if (near.heads.length === 1 && near.unknown.length === 0) {
    head = near.heads[0];
  } else if (near.heads.length > 0) {
    const others = [...near.heads.slice(1).map(({ child }) => child), ...near.unknown];
    notes.push(`no head: how ${near.heads[0]!.child} and ${listNames(others)} work together can't be told`);
  }
  return {
    ...sortOut(backbone, head, children, notes),
    child: head?.child,
    classCount: head?.outFeatures,
    notes: [...notes, ...alsoHas(near, head)],
  };
}

/** Of a network's other children: the head, what is left out with a note, and what nobody knows. */
function sortOut(
  backbone: Backbone,
  head: Candidate | undefined,
  heads: readonly Candidate[],
  notes: string[],
): Pick<HeadSearch, 'tensors' | 'unknown'> {
  const unknown = new Map<string, TensorEntry>();
  const leftOut: string[] = [];
  for (const [child, tensors] of backbone.others) {
    if (heads.some((candidate) => isPartOf(candidate, child))) continue;
    // A module called head that is none matters only to a head that may stand behind it.
    const isHarmless = isBystander(child) || isOtherTask(child) || headChildren.test(child);
    if (isHarmless && (head === undefined || isBystander(child))) leftOut.push(child);
    else for (const [name, entry] of tensors) unknown.set(name === '' ? child : `${child}.${name}`, entry);
  }
  if (leftOut.length > 0) notes.push(`also has ${listNames(leftOut)}; not used`);
  return { tensors: head?.tensors ?? new Map(), unknown };
}

function alsoHas(near: Neighbours, head: Candidate | undefined): string[] {
  const names = near.children.filter((child) => head === undefined || !isPartOf(head, child));
  return names.length === 0 ? [] : [`also has ${listNames(names)}; not used`];
}

function headsAmong(children: Children, isHead: (child: string) => boolean): Candidate[] {
  const heads: Candidate[] = [];
  if (children.size > mostNeighbours) return heads;
  const numbered = new Map<string, TensorEntry>();
  let first = '';
  for (const [child, tensors] of children) {
    if (!isHead(child)) continue;
    if (isNumber(child)) {
      first ||= child;
      for (const [name, entry] of tensors) numbered.set(`${child}.${name}`, entry);
      continue;
    }
    const head = isBystander(child) ? undefined : classifierHead(tensors);
    if (head !== undefined) heads.push({ ...head, child });
  }
  // The children of one container, such as those of a head, lose its number.
  const isOne = first !== '' && [...numbered.keys()].every((name) => name.startsWith(`${first}.`));
  const inner = isOne ? new Map([...numbered].map(([name, entry]) => [name.slice(first.length + 1), entry])) : numbered;
  const head = classifierHead(inner);
  if (head !== undefined) heads.push({ ...head, child: first });
  return heads;
}

interface Neighbours {
  readonly heads: readonly Candidate[];
  /** Children between features and answer, for all that is known. */
  readonly unknown: readonly string[];
  readonly children: readonly string[];
}

/** Looks beside the network, then beside what it hangs in, and so on; the nearest head counts. */
function headBeside(root: string, { channels }: Backbone, own: readonly Candidate[], around: Surroundings): Neighbours {
  const seen = new Set<string>();
  for (const prefix of root === '' ? [] : prefixesOf(root)) {
    const children = around.beside(prefix);
    for (const child of children.keys()) if (!root.startsWith(`${prefix}${child}.`)) seen.add(child);
    const isNumbered = isNumber(root.slice(prefix.length, -1));
    const widths = [channels, isNumbered && channels !== undefined ? 2 * channels : undefined];
    // A layer may stand behind the network's own head, too.
    widths.push(...own.map(({ outFeatures }) => outFeatures));
    const fits = ({ inFeatures }: Candidate) => widths.includes(inFeatures);
    const heads = headsAmong(children, (child) => headChildren.test(child) || (isNumbered && isNumber(child))).filter(
      fits,
    );
    if (heads.length === 0) continue;
    const isBetween = (child: string) => !isBystander(child) && !heads.some((head) => isPartOf(head, child));
    return { heads, unknown: [...children.keys()].filter(isBetween), children: [...seen] };
  }
  return { heads: [], unknown: [], children: [...seen] };
}

/** Numbered children are one head together. */
function isPartOf({ child: head }: Candidate, child: string): boolean {
  return head === child || (isNumber(head) && isNumber(child));
}

/** Whether what looks like a network's own head projects features for a contrastive loss: MoCo's, BYOL's, SimSiam's. */
function isSelfSupervised(root: string, around: Surroundings): boolean {
  if (/(^|\.)(encoder_[qk]|(online|target|base|momentum)_encoder)\./.test(root)) return true;
  const trainers = ['queue_ptr', 'predictor', 'online_predictor'];
  return prefixesOf(root).some((prefix) => trainers.some((child) => around.beside(prefix).has(child)));
}

function isNumber(child: string): boolean {
  return /^\d+$/.test(child);
}
