import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { ROOT } from '../support/markdown.js';

/** The files of the package, as npm would pack them. */
const packed = filesOf(
  execFileSync('npm', ['pack', '--dry-run', '--json', '--silent', '--ignore-scripts'], {
    cwd: ROOT,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  }),
);
const pages = packed.filter(path => path.endsWith('.md'));

describe('The pages of the package', () => {
  it('are the README, the changes, the security policy and the guide', () => {
    expect(pages).toEqual(expect.arrayContaining(['README.md', 'CHANGELOG.md', 'SECURITY.md', 'docs/README.md']));
    expect(pages.length).toBeGreaterThan(15);
  });

  // In node_modules and on npm there is no repository around them.
  it.each(pages)('have links to files of the package, or absolute ones: %s', page => {
    const targets = [...readFileSync(join(ROOT, page), 'utf8').matchAll(/\]\(([^)\s]+)\)/g)];
    const broken = targets
      .map(([, target = '']) => target)
      .filter(target => !/^(https:|#)/.test(target))
      .filter(target => !packed.includes(posix.join(posix.dirname(page), target.split('#')[0] ?? '')));
    expect(broken).toEqual([]);
  });
});

function filesOf(output: string): readonly string[] {
  const [{ files }] = JSON.parse(output) as [{ files: readonly { readonly path: string }[] }];
  return files.map(({ path }) => path);
}
