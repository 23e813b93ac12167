import { renameSync, writeFileSync } from 'node:fs';
import { docsFolder, documentedTable } from './documented-table.ts';

// pnpm --filter @residual/bench gpu-table: draws the table of docs/gpu/README.md from the reports beside it.

const { path, after } = documentedTable(docsFolder);
writeFileSync(`${path}.part`, after);
renameSync(`${path}.part`, path);
