// Packs the package and uses the tarball as an app would: by `import`, by `require` and from TypeScript, on each
// supported major of Nest. Faults of module systems compile, pass the suites, and throw at the user's. Nothing is
// installed: the other packages are linked.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const folder = mkdtempSync(join(tmpdir(), 'nestjs-cors-package-'));
const run = (command, args, cwd) => execFileSync(command, args, { cwd, encoding: 'utf8' });

// The class is decorated by one build and served by the other: both have to mean the same by metadata and tokens.
const USE = `
  for (const [name, lib, other] of [['import', esm, cjs], ['require', cjs, esm]]) {
    const { CorsModule, CorsService, CORS_MODULE_OPTIONS, add } = lib;
    assert.deepEqual(Object.keys(lib).sort(), Object.keys(other).sort());
    assert.equal(CORS_MODULE_OPTIONS, other.CORS_MODULE_OPTIONS);
    assert.deepEqual(metadataOf(lib), metadataOf(other));

    class Cats {
      list() {}
    }
    Controller('cats')(Cats);
    other.Cors({ origin: other.add('https://partner.example.net') })(Cats);
    Get()(Cats.prototype, 'list', Object.getOwnPropertyDescriptor(Cats.prototype, 'list'));
    class App {}
    Module({ imports: [CorsModule.forRoot({ origin: ['https://app.example.com'] })], controllers: [Cats] })(App);
    const app = await NestFactory.create(App, { logger: false, abortOnError: false });
    await app.listen(0, '127.0.0.1');
    try {
      const [{ policy }] = app.get(CorsService).policies();
      assert.deepEqual(policy.origin, ['https://app.example.com', 'https://partner.example.net']);
      const response = await fetch(await app.getUrl() + '/cats', { headers: { Origin: 'https://partner.example.net' } });
      assert.equal(response.headers.get('access-control-allow-origin'), 'https://partner.example.net');
    } finally {
      await app.close();
    }
    console.log('  ' + name + ': ' + Object.keys(lib).filter(key => key !== 'default').join(', '));
  }
  function metadataOf({ Cors }) {
    class Cats {}
    Cors('public')(Cats);
    return Reflect.getMetadataKeys(Cats).map(key => [key, Reflect.getMetadata(key, Cats)]);
  }
`;
const SCRIPT = `
  import assert from 'node:assert/strict';
  import { createRequire } from 'node:module';
  import { Controller, Get, Module } from '@nestjs/common';
  import { NestFactory } from '@nestjs/core';
  import * as esm from 'nestjs-cors';
  const cjs = createRequire(import.meta.url)('nestjs-cors');
  ${USE}
`;
const TYPES = `
  import { Cors, CorsModule, type CorsModuleOptions } from 'nestjs-cors';
  const options: CorsModuleOptions = { origin: ['https://app.example.com'] };
  export const module = CorsModule.forRoot(options);
  export const decorator: ClassDecorator = Cors('public');
  // @ts-expect-error a reflected origin is no option
  CorsModule.forRoot({ origin: true });
  // @ts-expect-error any site, with credentials
  CorsModule.forRoot({ origin: '*', credentials: true });
`;

try {
  const [packed] = JSON.parse(
    run('npm', ['pack', '--json', '--silent', '--ignore-scripts', '--pack-destination', folder], root),
  );
  const files = packed.files.map(({ path }) => path);
  const unexpected = files.filter(
    path => !/^(dist\/(esm|cjs)\/|(package\.json|README\.md|LICENSE|CHANGELOG\.md|SECURITY\.md)$)/.test(path),
  );
  assert.deepEqual(unexpected, [], 'The tarball has files that users do not need');
  for (const needed of [
    'dist/esm/index.js',
    'dist/esm/index.d.ts',
    'dist/cjs/index.js',
    'dist/cjs/index.d.ts',
    'LICENSE',
    'README.md',
    'CHANGELOG.md',
    'SECURITY.md',
  ]) {
    assert.ok(files.includes(needed), `The tarball lacks ${needed}: run \`npm run build\``);
  }
  console.log(`nestjs-cors ${version}: ${files.length} files, ${Math.round(packed.size / 1024)} KiB packed`);

  for (const [major, nest] of [
    ['12', 'node_modules/@nestjs'],
    ['11', 'test/nest-11/node_modules/@nestjs'],
  ]) {
    console.log(`on Nest ${major}:`);
    const app = join(folder, `nest-${major}`);
    mkdirSync(join(app, 'node_modules/nestjs-cors'), { recursive: true });
    for (const name of readdirSync(join(root, 'node_modules'))) {
      if (name.startsWith('.') || name === 'nestjs-cors' || name === '@nestjs') continue;
      symlinkSync(join(root, 'node_modules', name), join(app, 'node_modules', name), 'junction');
    }
    symlinkSync(join(root, nest), join(app, 'node_modules/@nestjs'), 'junction');
    run('tar', [
      '-xzf',
      join(folder, packed.filename),
      '--strip-components=1',
      '-C',
      join(app, 'node_modules/nestjs-cors'),
    ]);

    writeFileSync(join(app, 'use.mjs'), SCRIPT);
    process.stdout.write(run(process.execPath, ['--no-warnings', 'use.mjs'], app));

    for (const extension of ['mts', 'cts']) writeFileSync(join(app, `types.${extension}`), TYPES);
    const options = [
      '--noEmit',
      '--strict',
      '--skipLibCheck',
      '--exactOptionalPropertyTypes',
      '--experimentalDecorators',
    ];
    const modules = [
      '--module',
      'nodenext',
      '--target',
      'es2022',
      '--types',
      'node',
      '--typeRoots',
      'node_modules/@types',
    ];
    run(
      process.execPath,
      [join(root, 'node_modules/typescript/bin/tsc'), ...options, ...modules, 'types.mts', 'types.cts'],
      app,
    );
    console.log('  types: in ES modules and in CommonJS');
  }
} catch (error) {
  // What a child process printed says more than its exit code.
  console.error(error.stdout ? `${error.stdout}${error.stderr}` : error);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
