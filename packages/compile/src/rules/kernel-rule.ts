import type { NamedAttrMap, Tensor } from '@tensorflow/tfjs-core';
import type { Attributes, GraphNode, Value } from '../graph.ts';

/** What a kernel makes of its inputs, without computing it. */
export interface Inferred {
  readonly outputs: readonly Value[];
  /** The node's attributes, spelled out as `GraphNode` says; tfjs's own are dropped. */
  readonly attributes?: Attributes;
}

/** One row of the table of shape rules: how a tfjs kernel becomes a graph node, and a graph node a tfjs kernel again. */
export interface KernelRule {
  /** The node's `op` where it differs from the kernel's name. */
  readonly op?: string;
  /** tfjs's input names in the order of a node's inputs; `list` where the kernel takes an array. */
  readonly inputs: readonly string[] | 'list';
  /** Inputs that may be absent, each with the attribute that tells whether it is there. */
  readonly optional?: Readonly<Record<string, string>>;
  /** Whether the kernel hands out an array of tensors even when there is one. */
  readonly returnsList?: boolean;
  readonly infer: (inputs: readonly Value[], attributes: TfjsAttributes) => Inferred;
  /** tfjs's attributes from the node's, where they differ. */
  readonly tfjsAttributes?: (node: GraphNode, inputs: readonly Tensor[]) => NamedAttrMap;
  /** How the node runs where it is not one tfjs kernel; the caller disposes the result, inside a `tidy`. */
  readonly run?: (node: GraphNode, inputs: readonly Tensor[]) => Tensor[];
}

/** Attributes as tfjs hands them to a kernel: of any form, so each rule reads and checks its own. */
export type TfjsAttributes = Readonly<Record<string, unknown>>;

/** Rules by the name of the tfjs kernel. */
export type RuleTable = Readonly<Record<string, KernelRule>>;

/** The one input of a kernel that has one. */
export function only(inputs: readonly Value[]): Value {
  return inputs[0]!;
}
