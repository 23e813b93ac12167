import type { AttentionType } from './attention.ts';

/** An attention that sees and weighs what the network's activation leaves. @see timm `SEResNetBlock` */
export function activated(attention: AttentionType): AttentionType {
  return (vars, options) => {
    const attend = attention(vars, options);
    const { activation } = options.layers;
    return (x) => attend(activation.apply(x));
  };
}
