import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { newFolder, removeFiles } from '../support/files.js';
import { ROOT } from '../support/markdown.js';
import { requireBuild } from '../support/program.js';

const LOAD = {
  import: `
    import 'reflect-metadata';
    import { Controller, Module, Put } from '@nestjs/common';
    import { NestFactory } from '@nestjs/core';
    import { FastifyAdapter } from '@nestjs/platform-fastify';
    import { CorsModule } from 'nestjs-cors';
  `,
  require: `
    require('reflect-metadata');
    const { Controller, Module, Put } = require('@nestjs/common');
    const { NestFactory } = require('@nestjs/core');
    const { FastifyAdapter } = require('@nestjs/platform-fastify');
    const { CorsModule } = require('nestjs-cors');
  `,
};

/** Prints the status of a preflight, and the methods that it is told. */
const RUN = `
  class Cats { put() {} }
  Controller('cats')(Cats);
  Put(':id')(Cats.prototype, 'put', Object.getOwnPropertyDescriptor(Cats.prototype, 'put'));
  class App {}
  Module({ controllers: [Cats], imports: [CorsModule.forRoot({ origin: ['https://app.example.com'] })] })(App);
  NestFactory.create(App, new FastifyAdapter(), { logger: false, abortOnError: false }).then(async app => {
    await app.init();
    const headers = { origin: 'https://app.example.com', 'access-control-request-method': 'PUT' };
    const response = await app.inject({ method: 'OPTIONS', url: '/cats/1', headers });
    console.log(response.statusCode, response.headers['access-control-allow-methods']);
    await app.close();
  });
`;

/** What stands where this package would find a `find-my-way` of its own. */
const POISON = `module.exports = function () { throw new Error('not the find-my-way of Fastify'); };`;

const NESTS: readonly (readonly [major: string, folder: string])[] = [
  ['12', join(ROOT, 'node_modules/@nestjs')],
  ['11', join(ROOT, 'test/nest-11/node_modules/@nestjs')],
];

beforeAll(requireBuild);

afterAll(removeFiles);

describe.each(NESTS)("On Nest %s, the router that the app's own Fastify loaded finds routes", (_major, nest) => {
  it.each(['import', 'require'] as const)(
    'where the package, loaded by %s, has another copy of it (as strict pnpm and npm may install it)',
    how => {
      const folder = newFolder();
      const modules = join(folder, 'node_modules');
      mkdirSync(modules);
      for (const name of readdirSync(join(ROOT, 'node_modules'))) {
        if (name.startsWith('.') || name === 'nestjs-cors' || name === 'find-my-way' || name === '@nestjs') continue;
        symlinkSync(join(ROOT, 'node_modules', name), join(modules, name), 'junction');
      }
      symlinkSync(nest, join(modules, '@nestjs'), 'junction');
      const own = join(modules, 'nestjs-cors');
      mkdirSync(join(own, 'node_modules/find-my-way'), { recursive: true });
      for (const name of ['package.json', 'dist']) cpSync(join(ROOT, name), join(own, name), { recursive: true });
      writeFileSync(join(own, 'node_modules/find-my-way/index.js'), POISON);
      const file = join(folder, how === 'import' ? 'main.mjs' : 'main.cjs');
      writeFileSync(file, LOAD[how] + RUN);

      expect(runIn(folder, file)).toBe('204 PUT');
    },
  );

  it('where a bundle holds the package and not Nest', async () => {
    const folder = newFolder();
    mkdirSync(join(folder, 'node_modules'));
    const installed = ['@nestjs', 'reflect-metadata', 'rxjs'];
    for (const name of installed) {
      const target = name === '@nestjs' ? nest : join(ROOT, 'node_modules', name);
      symlinkSync(target, join(folder, 'node_modules', name), 'junction');
    }
    writeFileSync(join(folder, 'poison.cjs'), POISON);
    const file = join(folder, 'bundle.mjs');
    await build({
      stdin: { contents: LOAD.import + RUN, resolveDir: ROOT, loader: 'js' },
      tsconfigRaw: {},
      bundle: true,
      platform: 'node',
      format: 'esm',
      outfile: file,
      alias: { 'find-my-way': join(folder, 'poison.cjs') },
      external: installed.flatMap(name => [name, `${name}/*`]),
      banner: {
        js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
      },
      logLevel: 'silent',
    });

    expect(runIn(folder, file)).toBe('204 PUT');
  });
});

function runIn(folder: string, file: string): string {
  return execFileSync(process.execPath, ['--no-warnings', file], { cwd: folder, encoding: 'utf8' }).trim();
}
