import type { Graph } from '../graph.ts';
import { type Box, drawingOf } from './drawing.ts';

/** All in pixels. */
const CHARACTER = 7.3;
const LINE = 16;
const GAP = 26;
const MARGIN = 12;
const LANE = 14;
const CORNER = 6;

interface Placed extends Box {
  readonly top: number;
  readonly height: number;
}

/** An edge past other boxes: it runs beside them, in a lane of its own. */
interface Bypass {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/**
 * A graph as a picture (SVG): operations from top to bottom in the order of computing, shortcuts beside them; edges carry
 * shapes, weights are left out.
 */
export function toSvg(graph: Graph): string {
  const boxes = placed(drawingOf(graph));
  const width = Math.max(...boxes.flatMap(({ lines }) => lines.map((line) => line.length * CHARACTER))) + 2 * MARGIN;
  const bypasses = boxes.flatMap(({ reads }, to) =>
    reads.filter(({ from }) => to - from > 1).map(({ from, text }): Bypass => ({ from, to, text })),
  );
  const lanes = assignLanes(bypasses);
  const size = {
    width: Math.ceil(width + 2 * MARGIN + (Math.max(0, ...lanes.map((lane) => lane + 1)) + 1) * LANE),
    height: boxes.length === 0 ? 2 * MARGIN : boxes.at(-1)!.top + boxes.at(-1)!.height + MARGIN,
  };
  const right = MARGIN + width;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${size.width}" height="${size.height}" viewBox="0 0 ${size.width} ${size.height}" font-family="ui-monospace, monospace" font-size="12">`,
    `<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0 8 4 0 8z" fill="#555"/></marker></defs>`,
    `<rect width="100%" height="100%" fill="#fff"/>`,
    ...boxes.flatMap((box, index) => [drawBox(box, width), ...drawStraight(box, boxes[index - 1], index, width)]),
    ...bypasses.map((edge, index) =>
      drawBypass(boxes[edge.from]!, boxes[edge.to]!, edge.text, right, right + (lanes[index]! + 1) * LANE),
    ),
    '</svg>',
    '',
  ].join('\n');
}

function placed(boxes: readonly Box[]): Placed[] {
  let top = MARGIN;
  return boxes.map((box) => {
    const height = box.lines.length * LINE + 10;
    const at = { ...box, top, height };
    top += height + GAP;
    return at;
  });
}

/** The nearest lane that is free from one box to the other, short edges first. */
function assignLanes(bypasses: readonly Bypass[]): number[] {
  const lanes = bypasses.map(() => -1);
  const shortFirst = [...bypasses.keys()].sort((a, b) => lengthOf(bypasses[a]!) - lengthOf(bypasses[b]!));
  for (const index of shortFirst) {
    const { from, to } = bypasses[index]!;
    const taken = new Set(lanes.filter((_, other) => from < bypasses[other]!.to && bypasses[other]!.from < to));
    let lane = 0;
    while (taken.has(lane)) lane += 1;
    lanes[index] = lane;
  }
  return lanes;
}

function lengthOf({ from, to }: Bypass): number {
  return to - from;
}

function drawBox({ kind, lines, top, height }: Placed, width: number): string {
  const [radius, fill] = kind === 'node' ? [4, '#eef3fb'] : [height / 2, '#f4f0e6'];
  const text = lines.map((line, index) => {
    const weight = kind === 'node' && index === 0 && lines.length > 1 ? ' font-weight="bold"' : '';
    const y = top + 5 + LINE * (index + 0.75);
    return `<text x="${MARGIN + width / 2}" y="${y}" text-anchor="middle"${weight}>${escaped(line)}</text>`;
  });
  const rect = `<rect x="${MARGIN}" y="${top}" width="${width}" height="${height}" rx="${radius}" fill="${fill}" stroke="#555"/>`;
  return [rect, ...text].join('');
}

/** The edges from the box just above. */
function drawStraight({ reads, top }: Placed, above: Placed | undefined, index: number, width: number): string[] {
  const x = MARGIN + width / 2;
  return reads
    .filter(({ from }) => from === index - 1)
    .map(({ text }) => {
      const path = `M${x} ${above!.top + above!.height}V${top}`;
      return `${arrow(path)}<text x="${x + 8}" y="${top - GAP / 2 + 4}" fill="#555">${escaped(text)}</text>`;
    });
}

function drawBypass(from: Placed, to: Placed, text: string, x: number, lane: number): string {
  const [y, end] = [from.top + from.height - 8, to.top + 8];
  const turn = `M${x} ${y}H${lane - CORNER}q${CORNER} 0 ${CORNER} ${CORNER}V${end - CORNER}q0 ${CORNER} ${-CORNER} ${CORNER}H${x}`;
  return arrow(turn, text);
}

function arrow(path: string, title?: string): string {
  const inner = title === undefined ? '' : `<title>${escaped(title)}</title>`;
  return `<path d="${path}" fill="none" stroke="#555" marker-end="url(#arrow)">${inner}</path>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
