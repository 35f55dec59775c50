import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, type Format } from 'esbuild';
import { newFolder, removeFiles } from '../support/files.js';
import { ROOT } from '../support/markdown.js';
import { requireBuild } from '../support/program.js';

/** The packages that are loaded on demand, see lib/lazy. */
const ON_DEMAND = ['fastest-levenshtein', 'find-my-way', 'tldts', 'yaml'];

const LOAD = {
  import: `
    import 'reflect-metadata';
    import { Module } from '@nestjs/common';
    import { NestFactory } from '@nestjs/core';
    import { CorsModule, corsOptionsFromFile } from 'nestjs-cors';
  `,
  require: `
    require('reflect-metadata');
    const { Module } = require('@nestjs/common');
    const { NestFactory } = require('@nestjs/core');
    const { CorsModule, corsOptionsFromFile } = require('nestjs-cors');
  `,
};

/** The issues of an app with these options, or that it boots. */
const BOOT = `
  async function issuesOf(options) {
    class App {}
    Module({ imports: [CorsModule.forRoot(options)] })(App);
    const app = await NestFactory.create(App, { logger: false, abortOnError: false });
    try {
      await app.init();
      return 'boots';
    } catch (error) {
      return error.issues?.map(({ code, hint }) => code + ': ' + hint) ?? String(error);
    } finally {
      await app.close();
    }
  }
`;

beforeAll(requireBuild);

afterAll(removeFiles);

describe.each(['import', 'require'] as const)('the package, loaded by %s', how => {
  const extension = how === 'import' ? 'mjs' : 'cjs';

  /** What of these packages an app with these options has loaded. */
  function loadedBy(options: string): readonly string[] {
    const folder = newFolder();
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'junction');
    writeFileSync(join(folder, 'cors.json'), '{ "origin": ["https://app.example.com"] }');
    const file = join(folder, `main.${extension}`);
    writeFileSync(
      file,
      `${LOAD[how]}
      ${BOOT}
      issuesOf(${options}).then(found => {
        const { _cache } = process.getBuiltinModule('node:module');
        const names = Object.keys(_cache).map(path => /.*[\\\\/]node_modules[\\\\/]([^\\\\/]+)/.exec(path)?.[1]);
        console.log(JSON.stringify([...new Set(names)]));
      });`,
    );
    const names = JSON.parse(runIn(folder, file)) as readonly string[];
    expect(names).toContain('express');
    return names.filter(name => ON_DEMAND.includes(name)).sort();
  }

  it.each([
    ['what no list of exact origins needs', `{ origin: ['https://app.example.com'], credentials: true }`, []],
    ['the public suffix list for patterns', `{ origin: ['https://*.example.com'] }`, ['tldts']],
    ['what corrects a misspelt option', `{ orgin: ['https://app.example.com'] }`, ['fastest-levenshtein']],
    ['the parser of files', `corsOptionsFromFile('cors.json')`, ['yaml']],
  ])('loads %s only there', (_what, options, expected) => {
    expect(loadedBy(options)).toEqual(expected);
  });
});

describe.each<[entry: 'import' | 'require', format: Format]>([
  ['import', 'esm'],
  ['import', 'cjs'],
  ['require', 'cjs'],
])('the package, bundled into an app that has it by %s (%s)', (how, format) => {
  it('finds what is loaded on demand in the bundle', async () => {
    const folder = newFolder();
    mkdirSync(join(folder, 'node_modules'));
    // What an app has installed where it runs: nothing of this package's dependencies.
    const installed = ['@nestjs', 'reflect-metadata', 'rxjs'];
    for (const name of installed) {
      symlinkSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name), 'junction');
    }
    writeFileSync(join(folder, 'cors.yaml'), 'origin: [https://*.github.io]\nmaxAgee: 5\n');
    const file = join(folder, format === 'esm' ? 'bundle.mjs' : 'bundle.cjs');
    const { warnings } = await build({
      stdin: {
        contents: `${LOAD[how]}${BOOT}
            issuesOf(corsOptionsFromFile('cors.yaml')).then(found => console.log(JSON.stringify(found)));`,
        resolveDir: ROOT,
        loader: 'js',
      },
      // Not this repository's own, which leads to the sources.
      tsconfigRaw: {},
      bundle: true,
      platform: 'node',
      format,
      outfile: file,
      external: installed.flatMap(name => [name, `${name}/*`]),
      // What CommonJS packages of the bundle require of Node.
      ...(format === 'esm' && {
        banner: {
          js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
        },
      }),
      logLevel: 'silent',
    });

    expect(warnings).toEqual([]);
    expect(JSON.parse(runIn(folder, file))).toEqual([
      expect.stringMatching(/^option_unknown: .*maxAge/),
      expect.stringMatching(/^origin_public_suffix: /),
    ]);
  });
});

it('the package boots in a bundle that took the build for Node, as long as it needs nothing on demand', async () => {
  const folder = newFolder();
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'junction');
  const file = join(folder, 'bundle.cjs');
  await build({
    stdin: {
      contents: `${LOAD.import}${BOOT}
          issuesOf({ origin: ['https://app.example.com'] }).then(found => console.log(JSON.stringify(found)));`,
      resolveDir: ROOT,
      loader: 'js',
    },
    tsconfigRaw: {},
    bundle: true,
    platform: 'node',
    // In place of the usual ones, `module` among them.
    conditions: ['node'],
    format: 'cjs',
    outfile: file,
    external: ['@nestjs', 'reflect-metadata', 'rxjs'].flatMap(name => [name, `${name}/*`]),
    logLevel: 'silent',
  });

  expect(JSON.parse(runIn(folder, file))).toBe('boots');
});

function runIn(folder: string, file: string): string {
  return execFileSync(process.execPath, ['--no-warnings', file], { cwd: folder, encoding: 'utf8' });
}
