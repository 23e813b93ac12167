import { readFileSync } from 'node:fs';

/**
 * What a process has in memory now (`VmRSS`), or has had at most (`VmHWM`), in MiB; 0 for one that is just ending.
 *
 * @throws Error where there is no /proc, and for a process that has ended.
 */
export function processMemoryMB(pid: number | 'self', field: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const [, kilobytes = '0'] = new RegExp(`^${field}:\\s*(\\d+) kB`, 'm').exec(status) ?? [];
  return Number(kilobytes) / 1024;
}
