import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/**
 * By package, turbo's hash of what its tests depend on, the sources of its dependencies included. `turbo run --only` leaves those out of
 * the hash that it caches by.
 */
export async function testHashes(root) {
  const { stdout } = await promisify(execFile)('turbo', ['run', 'test', '--dry=json'], {
    cwd: root,
    maxBuffer: 2 ** 26,
  });
  const { tasks } = JSON.parse(stdout);
  return new Map(tasks.filter(({ task }) => task === 'test').map(({ package: name, hash }) => [name, hash]));
}
