/**
 * A place in the network whose output has a name. `act1` (timm's name): the stem's output before its pooling, if it pools; then
 * `stem`, `layer1`, `layer2`, …, `pooled`, `logits`.
 */
export type Endpoint = 'act1' | 'stem' | `layer${number}` | 'pooled' | 'logits';

/** An endpoint whose output is a map. */
export type MapEndpoint = Exclude<Endpoint, 'pooled' | 'logits'>;

/** A feature map. @see timm `feature_info` */
export interface FeatureInfo {
  /** The endpoint whose output it is. */
  readonly module: MapEndpoint;
  /** Its channels. */
  readonly numChs: number;
  /** How many times smaller it is than the picture, on each side. */
  readonly reduction: number;
}
