import type { TensorEntry } from '../weights-index.ts';
import { type ClassifierHead, classifierHead, headChildren } from './classifier-head.ts';
import { isBystander, isOtherTask } from './leftovers.ts';
import { listNames } from './list-names.ts';
import type { Backbone } from './network-tensors.ts';
import { type Children, prefixesOf, type Surroundings } from './surroundings.ts';

/** A network's head, and what else hangs in and around it. */
export interface HeadSearch {
  /** The head under `fc.`; empty without one. */
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  /** Children that were taken as the head. */
  readonly child: string | undefined;
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
  const own = headsAmong(backbone.others, (child) => headChildren.test(child) || isNumber(child));
  const near = headBeside(root, backbone, around);
  const notes: string[] = [];
  let head: Candidate | undefined;
  if (isSelfSupervised(root, around)) {
    if (own.length > 0)
      notes.push(`no head: ${listNames(own.map(({ child }) => child))} is of self-supervised training`);
  } else if (own.length > 0) {
    const behind = near.heads.filter(
      ({ inFeatures }) => inFeatures === own[0]!.outFeatures || inFeatures === backbone.channels,
    );
    const all = [...own, ...behind];
    if (all.length === 1) head = own[0];
    else notes.push(`no head: ${listNames(all.map(({ child }) => child))} may each be it, or one behind the other`);
  } else if (near.heads.length === 1 && near.unknown.length === 0) {
    head = near.heads[0];
  } else if (near.heads.length > 0) {
    const others = [...near.heads.slice(1).map(({ child }) => child), ...near.unknown];
    notes.push(`no head: how ${near.heads[0]!.child} and ${listNames(others)} work together can't be told`);
  }
  return { ...sortOut(backbone, head, own, notes), child: head?.child, notes: [...notes, ...alsoHas(near, head)] };
}

/** Of a network's other children: the head, what is left out with a note, and what nobody knows. */
function sortOut(
  backbone: Backbone,
  head: Candidate | undefined,
  own: readonly Candidate[],
  notes: string[],
): Pick<HeadSearch, 'tensors' | 'unknown'> {
  const unknown = new Map<string, TensorEntry>();
  const leftOut: string[] = [];
  for (const [child, tensors] of backbone.others) {
    if (own.some((candidate) => isPartOf(candidate, child))) continue;
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
function headBeside(root: string, { channels }: Backbone, around: Surroundings): Neighbours {
  const seen = new Set<string>();
  for (const prefix of root === '' ? [] : prefixesOf(root)) {
    const children = around.beside(prefix);
    for (const child of children.keys()) if (!root.startsWith(`${prefix}${child}.`)) seen.add(child);
    const isNumbered = isNumber(root.slice(prefix.length, -1));
    const fits = ({ inFeatures }: Candidate) =>
      channels !== undefined && (inFeatures === channels || (isNumbered && inFeatures === 2 * channels));
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

/** Whether what looks like a head projects features for a contrastive loss: MoCo's and BYOL's encoders. */
function isSelfSupervised(root: string, around: Surroundings): boolean {
  if (/(^|\.)(encoder_[qk]|(online|target|base|momentum)_encoder)\./.test(root)) return true;
  return prefixesOf(root).some((prefix) => around.beside(prefix).has('queue_ptr'));
}

function isNumber(child: string): boolean {
  return /^\d+$/.test(child);
}
