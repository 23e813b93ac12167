const STYLE = `
body { font: 15px/1.5 system-ui, sans-serif; color: #222; background: #fff; margin: 2rem auto; max-width: 64rem; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2rem; }
figure { margin: 1rem 0; overflow-x: auto; } figcaption { color: #555; max-width: 46rem; }
table { border-collapse: collapse; } th, td { padding: .2rem .8rem .2rem 0; border-bottom: 1px solid #ddd; text-align: right; }
th:first-child, td:first-child { text-align: left; } td.text { text-align: left; }
code { font-size: .9em; overflow-wrap: anywhere; } .tables { overflow-x: auto; }`;

/** A page that needs no other file: its plots are SVG inside it. `body` is HTML. */
export function htmlPage(title: string, body: readonly string[]): string {
  const head = `<meta charset="utf-8">\n<meta name="viewport" content="width=device-width">\n<title>${escapeHtml(title)}</title>`;
  const content = [`<h1>${escapeHtml(title)}</h1>`, ...body].join('\n');
  return `<!doctype html>\n<html lang="en">\n<head>\n${head}\n<style>${STYLE}\n</style>\n</head>\n<body>\n${content}\n</body>\n</html>\n`;
}

/** A table; cells are text, and the first row its head. */
export function htmlTable(
  [head = [], ...rows]: readonly (readonly string[])[],
  align: 'numbers' | 'text' = 'numbers',
): string {
  const cell = align === 'text' ? '<td class="text">' : '<td>';
  const line = (cells: readonly string[], open: string, close: string): string =>
    `<tr>${cells.map((text) => `${open}${escapeHtml(text)}${close}`).join('')}</tr>`;
  const lines = [line(head, '<th scope="col">', '</th>'), ...rows.map((row) => line(row, cell, '</td>'))];
  return `<div class="tables"><table>\n${lines.join('\n')}\n</table></div>`;
}

/** An SVG with what it shows below it. */
export function htmlFigure(svg: string, caption: string): string {
  return `<figure>\n${svg}\n<figcaption>${escapeHtml(caption)}</figcaption>\n</figure>`;
}

export function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
