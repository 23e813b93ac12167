import type { VNode } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import UPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

export interface Curve {
  readonly label: string;
  readonly color: string;
  readonly dashed?: boolean;
  readonly values: readonly number[];
}

const HEIGHT_PX = 300;
const WHOLE_STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];

/** Curves over 1, 2, 3, …; `label` says what they show to who does not see them. */
export function Curves(props: { label: string; xLabel: string; yLabel: string; curves: readonly Curve[] }): VNode {
  const { label, xLabel, yLabel, curves } = props;
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot>(undefined);
  const form = JSON.stringify([xLabel, yLabel, ...curves.map((curve) => [curve.label, curve.color, curve.dashed])]);

  // `form` stands for what the plot is made of; its values come below.
  useEffect(() => {
    const parent = place.current!;
    const created = new UPlot(optionsOf(parent, xLabel, yLabel, curves), dataOf(curves), parent);
    plot.current = created;
    const watcher = new ResizeObserver(() => created.setSize({ width: parent.clientWidth, height: HEIGHT_PX }));
    watcher.observe(parent);
    return () => {
      watcher.disconnect();
      created.destroy();
    };
  }, [form]);
  useEffect(() => plot.current?.setData(dataOf(curves)), [curves]);

  return <div ref={place} class="chart" role="img" aria-label={label} />;
}

function optionsOf(parent: HTMLElement, xLabel: string, yLabel: string, curves: readonly Curve[]): UPlot.Options {
  const stroke = (): string => getComputedStyle(parent).color;
  const line = (): string => getComputedStyle(parent).getPropertyValue('--line');
  const axis = (label: string): UPlot.Axis => ({ label, stroke, grid: { stroke: line }, ticks: { stroke: line } });
  return {
    width: parent.clientWidth,
    height: HEIGHT_PX,
    scales: { x: { time: false }, y: { range: (_, __, highest) => [0, Math.max(1, highest * 1.05)] } },
    axes: [{ ...axis(xLabel), incrs: WHOLE_STEPS }, axis(yLabel)],
    series: [
      { label: xLabel },
      ...curves.map(({ label, color, dashed }) => ({
        label,
        stroke: color,
        width: 2,
        ...(dashed ? { dash: [6, 4] } : {}),
        value: (_: UPlot, value: number | null) => (value === null ? '' : value.toFixed(2)),
      })),
    ],
  };
}

function dataOf(curves: readonly Curve[]): UPlot.AlignedData {
  const length = Math.max(0, ...curves.map(({ values }) => values.length));
  const x = Array.from({ length }, (_, index) => index + 1);
  return [x, ...curves.map(({ values }) => x.map((_, index) => values[index] ?? null))];
}
