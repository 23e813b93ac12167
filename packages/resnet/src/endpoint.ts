/**
 * A place in the network whose output has a name: `act1`, the stem before its pooling, where it has one, as timm calls it; `stem`,
 * `layer1`, `layer2`, …, `pooled`, `logits`.
 */
export type Endpoint = 'act1' | 'stem' | `layer${number}` | 'pooled' | 'logits';

/** A feature map. @see timm `feature_info` */
export interface FeatureInfo {
  /** The endpoint whose output it is. */
  readonly module: Exclude<Endpoint, 'pooled' | 'logits'>;
  /** Its channels. */
  readonly numChs: number;
  /** How many times smaller it is than the picture, on each side. */
  readonly reduction: number;
}
