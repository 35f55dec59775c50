import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PAGES, ROOT } from '../support/markdown.js';
import { requireBuild } from '../support/program.js';

const manifest = JSON.parse(read('package.json')) as Manifest;

interface Manifest {
  readonly [field: string]: unknown;
  readonly main: string;
  readonly types: string;
  readonly exports: Readonly<Record<string, Conditions | string>>;
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
}

interface Conditions {
  readonly import: { readonly types: string; readonly module: string; readonly default: string };
  readonly require: { readonly types: string; readonly default: string };
}

describe('package.json', () => {
  it('exports the package and its manifest, by import and by require, and nothing else', () => {
    expect(manifest.exports).toEqual({
      '.': {
        import: {
          types: './dist/esm/index.d.ts',
          module: './dist/esm/bundler.js',
          default: './dist/esm/index.js',
        },
        require: { types: './dist/cjs/index.d.ts', default: './dist/cjs/index.js' },
      },
      './package.json': './package.json',
    });
    // TypeScript and Node take the first condition that matches.
    const { import: esm, require: cjs } = manifest.exports['.'] as Conditions;
    expect(Object.keys(esm)).toEqual(['types', 'module', 'default']);
    expect(Object.keys(cjs)).toEqual(['types', 'default']);
  });

  it('gives tools that do not know `exports` the CommonJS build', () => {
    const { require } = manifest.exports['.'] as Conditions;
    expect({ main: manifest.main, types: manifest.types }).toEqual({ main: require.default, types: require.types });
  });

  it('points at files that are built', () => {
    requireBuild();
    const { import: esm, require: cjs } = manifest.exports['.'] as Conditions;
    const targets = [esm, cjs].flatMap(conditions => Object.values(conditions));
    expect(targets.filter(target => !existsSync(join(ROOT, target)))).toEqual([]);
  });

  it('lists what is published; npm adds the manifest, the README and the license', () => {
    // The page for whoever works on the library links to its sources, which are not published.
    const docs = ['docs', '!docs/architecture.md'];
    expect(manifest['files']).toEqual(['dist', ...docs, 'CHANGELOG.md', 'SECURITY.md']);
    expect(existsSync(join(ROOT, '.npmignore'))).toBe(false);
  });

  it('runs nothing where it is installed', () => {
    const onInstall = ['preinstall', 'install', 'postinstall', 'prepublish', 'preprepare', 'prepare', 'postprepare'];
    expect(onInstall.filter(script => script in manifest.scripts)).toEqual([]);
  });

  it('supports the versions that README.md lists', () => {
    expect(manifest['engines']).toEqual({ node: '^20.19 || ^22.12 || >=24' });
    expect(read('README.md')).toMatch(/^\| Node\.js +\| \^20\.19, \^22\.12, >=24 +\|$/m);
    const nest = '^11.0.0 || ^12.0.0';
    expect(manifest.peerDependencies).toEqual({
      '@nestjs/common': nest,
      '@nestjs/core': nest,
      '@nestjs/platform-express': nest,
      '@nestjs/platform-fastify': nest,
      'reflect-metadata': '^0.1.12 || ^0.2.0',
      rxjs: '^7.2.0',
    });
  });

  it('leaves the choice of the platform to the app', () => {
    expect(manifest['peerDependenciesMeta']).toEqual({
      '@nestjs/platform-express': { optional: true },
      '@nestjs/platform-fastify': { optional: true },
    });
  });

  it('lets bundlers drop what an app does not use', () => {
    expect(manifest['sideEffects']).toBe(false);
  });

  it('is published with a statement of where it was built', () => {
    expect(manifest['publishConfig']).toEqual({ provenance: true });
  });

  it('states no address, or one that npm and a reader can follow', () => {
    const { repository, bugs, homepage } = manifest as Record<string, { url: string } | string | undefined>;
    const addresses = [repository, bugs, homepage].map(field => (typeof field === 'object' ? field.url : field));
    const stated = addresses.filter(address => address !== undefined);
    expect(stated.filter(address => !/^(git\+)?https:\/\/[\w.-]+\.[a-z]+\/[\w./#-]+$/.test(address))).toEqual([]);
  });

  it('has no dependency for which no page gives a reason', () => {
    const sections = PAGES.flatMap(page => read(page).split(/^## /m)).filter(text => text.startsWith('Dependencies\n'));
    const reasons = sections.flatMap(section => [...section.matchAll(/^- `([^`]+)` \w/gm)]);
    const explained = reasons.map(([, name = '']) => name);
    expect(explained.sort()).toEqual(Object.keys(manifest.dependencies).sort());
  });
});

it.each([
  'package-lock.json',
  ...readdirSync(join(ROOT, 'test/consumers')).map(name => `test/consumers/${name}/package-lock.json`),
])('%s names no registry: each user has one of his own', lock => {
  const { packages } = JSON.parse(read(lock)) as { packages: Record<string, { resolved?: string; link?: boolean }> };
  const resolved = Object.values(packages).filter(({ link }) => link !== true);
  expect(resolved.flatMap(({ resolved }) => resolved ?? [])).toEqual([]);
});

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}
