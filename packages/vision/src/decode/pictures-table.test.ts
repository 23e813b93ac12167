import { expect, test } from 'vitest';
import { type FormatRow, readFormatRows } from '../../golden/format-rows.ts';
import { readGolden } from '../../golden/pixels.ts';

const HEAD = `# Pictures

What \`decodeImage\` of [\`@residual/vision/node\`](../packages/vision/README.md#decoding) gives for each kind of file that PIL
opens: this table is written and checked by \`pictures-table.test.ts\`, and each row by \`formats.test.ts\` in Node, both beside the
decoders, with the files and PIL's pixels of [\`tooling/golden/pil_formats.py\`](../tooling/golden/pil_formats.py).
PIL's mode is what \`Image.open\` gives; the pixels are those of its \`convert('RGB')\`.
`;

/** Where it is not the same pixels. */
const REMARKS: Readonly<Record<string, string>> = {
  'TIFF, RGB, lzma': 'refused by name: save it with LZW or deflate',
  'TIFF, grey of 12 bits': 'refused by name: save it in 8 or 16 bits',
  'JPEG 2000, RGB of 12 bits': 'refused by name: save it in 8 bits',
  'JPEG 2000, RGB of 16 bits': 'refused by name: save it in 8 bits',
  'PSD, LAB': 'refused by name: save it as RGB',
  'PSD, grey with alpha, run lengths': 'the pixels of the file without run lengths, which PIL reads wrong with them',
  'PSD, CMYK with alpha, run lengths': 'the pixels of the file without run lengths, which PIL reads wrong with them',
  'PSD, of 16 bits': 'the high bytes; PIL does not open it',
  'PSD, for large pictures (PSB), run lengths': 'the pixels of the same file as a PSD; PIL does not open it',
  'DDS, compressed by BC5': 'refused by name: save it as a PNG',
  'JPEG 2000, 16-bit grey': "refused by name; `grey16: 'high-byte'` reads it",
  'TIFF, LAB':
    'within 8 levels (0.3 on average; 27 where colours lie outside of sRGB): PIL goes through a table of LittleCMS, we compute',
};

function given(row: FormatRow): string {
  const remark = REMARKS[`${row.format}, ${row.variation}`];
  if (remark) return remark;
  if (row.tolerance > 0) return `within ${row.tolerance} levels`;
  if (/^(I|F|I;16B?)$/.test(row.mode)) return 'the same pixels, cut off at 255; a note says so';
  return 'the same pixels';
}

test('docs/pictures.md says what each row of the golden files gives', async () => {
  const rows = readFormatRows();
  for (const row of rows.filter(({ isRefused }) => isRefused)) expect(given(row)).toContain('refused');
  const { from } = readGolden<{ from: string }>('formats.json');
  const lines = rows.map((row) => `| ${row.format} | ${row.variation} | ${row.mode} | ${given(row)} |`);
  const table = ['| format | variation | PIL’s mode | what we give |', '|---|---|---|---|', ...lines].join('\n');
  const text = `${HEAD}\nMade by ${from.slice(from.indexOf(',') + 2)}.\n\n${table}\n`;
  await expect(text).toMatchFileSnapshot('../../../../docs/pictures.md');
});
