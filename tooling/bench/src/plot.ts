import { writeFileAtomic } from '@residual/weights/node';
import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';

/** Draws a Vega-Lite picture into an SVG file. */
export async function writePlot(file: string, spec: TopLevelSpec): Promise<void> {
  await writeFileAtomic(file, Buffer.from(await toSvg(spec)));
}

async function toSvg(spec: TopLevelSpec): Promise<string> {
  const view = new View(parse(compile(spec).spec), { renderer: 'none' });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}
