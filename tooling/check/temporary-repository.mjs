import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A folder of files, by path, for a test; `commit` makes it a git repository. */
export class TemporaryRepository {
  constructor(files) {
    this.folder = mkdtempSync(join(tmpdir(), 'residual-check-'));
    this.write(files);
  }

  write(files) {
    for (const [path, content] of Object.entries(files)) {
      const file = join(this.folder, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
    }
  }

  git(...args) {
    const identity = [
      '-c',
      'user.name=Test',
      '-c',
      'user.email=test@example.org',
      '-c',
      'commit.gpgsign=false',
      '-c',
      'core.hooksPath=',
    ];
    return execFileSync('git', [...identity, ...args], { cwd: this.folder, encoding: 'utf8', stdio: 'pipe' });
  }

  commit(files = {}) {
    this.write(files);
    this.git('init', '--quiet', '--initial-branch=main');
    this.git('add', '.');
    this.git('commit', '--quiet', '--message=change');
  }

  remove() {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
