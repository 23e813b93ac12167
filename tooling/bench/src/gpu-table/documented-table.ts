import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { GpuReport } from '@residual/backend-webgpu/report';
import { tableOf } from './table-of.ts';

export const docsFolder: string = fileURLToPath(new URL('../../../../docs/gpu/', import.meta.url));

/** `docs/gpu/README.md` as it is, and as it is with the table of the reports beside it. */
export function documentedTable(folder: string): {
  readonly path: string;
  readonly before: string;
  readonly after: string;
} {
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
  const table = tableOf(files.map((name) => readReport(join(folder, name))));
  const path = join(folder, 'README.md');
  const before = readFileSync(path, 'utf8');
  const after = before.replace(/(?<=<!-- table -->\n)[\s\S]*(?=<!-- end -->)/, () => `\n${table}\n\n`);
  return { path, before, after };
}

/** @throws Error for a file that is no report. */
function readReport(path: string): GpuReport {
  const report: GpuReport = JSON.parse(readFileSync(path, 'utf8'));
  if (report.format === 'residual-gpu-report' && report.version === 1) return report;
  throw new Error(`${path}: expected a residual-gpu-report of version 1, got ${report.format}; write it again`);
}
