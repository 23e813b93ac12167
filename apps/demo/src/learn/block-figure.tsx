import type { VNode } from 'preact';

type Convolution = readonly [kernel: number, from: number, to: number];

const WIDTH = 220;
const LEFT = 80;
const RIGHT = 190;
const STEP = 52;

/** A block: its convolutions one below the other, and the shortcut around them. */
export function BlockFigure(props: {
  name: string;
  channels: number;
  convolutions: readonly Convolution[];
  caption: string;
}): VNode {
  const { name, channels, convolutions, caption } = props;
  const sumY = 40 + STEP * convolutions.length + 10;
  return (
    <figure>
      <svg viewBox={`0 0 ${WIDTH} ${sumY + 50}`} role="img" aria-label={`${name}: ${caption}`}>
        <text x={LEFT} y="14">{`${channels}`}</text>
        <path d={`M${LEFT} 20V${sumY - 10}M${LEFT} ${sumY + 10}V${sumY + 42}`} />
        <path d={`M${LEFT} 28H${RIGHT - 15}q15 0 15 15V${sumY - 15}q0 15 -15 15H${LEFT + 10}`} />
        {convolutions.map(([kernel, from, to], index) => (
          <g key={String(index)} transform={`translate(0 ${40 + STEP * index})`}>
            <rect x={LEFT - 70} width="140" height="32" rx="6" />
            <text x={LEFT} y="21">{`${kernel}×${kernel}, ${from} → ${to}`}</text>
          </g>
        ))}
        <circle cx={LEFT} cy={sumY} r="10" />
        <path d={`M${LEFT - 6} ${sumY}h12m-6 -6v12`} />
        <text x={LEFT + 30} y={sumY + 32}>
          ReLU
        </text>
        <text x={RIGHT + 12} y={sumY / 2 + 20}>
          x
        </text>
      </svg>
      <figcaption>
        <b>{name}</b>. {caption}
      </figcaption>
    </figure>
  );
}
