// Packs the package and uses the tarball as an app would, by `import` and by `require`, on each supported major of
// Nest. Faults of module systems compile, pass the suites, and throw at the user's. Nothing is installed: the other
// packages are linked.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLinkedApp, NESTS, run, withTarball } from './tarball.mjs';

// What is decorated and stated by one build is served by the other: both have to mean the same by metadata and tokens.
// A library may be CommonJS and its app ES modules.
const SCRIPT = `
  import assert from 'node:assert/strict';
  import { createRequire } from 'node:module';
  import { Controller, Delete, Get, Module, Put } from '@nestjs/common';
  import { NestFactory } from '@nestjs/core';
  import * as esm from 'nestjs-cors';
  const cjs = createRequire(import.meta.url)('nestjs-cors');

  const APP = 'https://app.example.com';
  const PARTNER = 'https://partner.example.net';

  for (const [name, lib, other] of [['import', esm, cjs], ['require', cjs, esm]]) {
    assert.deepEqual(Object.keys(lib).sort(), Object.keys(other).sort());
    assert.equal(lib.CORS_MODULE_OPTIONS, other.CORS_MODULE_OPTIONS);
    assert.deepEqual(metadataOf(lib), metadataOf(other));

    class Cats {
      list() {}
      update() {}
      remove() {}
    }
    decorate(Cats, [Controller('cats'), other.Cors({ origin: other.add(PARTNER) })], {
      list: [Get()],
      update: [Put(), other.Cors('public')],
      remove: [Delete(), other.NoCors()],
    });
    class Dogs {
      list() {}
    }
    decorate(Dogs, [Controller('dogs')], { list: [Get()] });
    class Kennel {}
    Module({ imports: [other.CorsModule.forFeature({ origin: PARTNER })], controllers: [Dogs] })(Kennel);
    class App {}
    const policies = { public: { origin: '*' } };
    Module({ imports: [Kennel, lib.CorsModule.forRoot({ origin: [APP], policies })], controllers: [Cats] })(App);

    const app = await NestFactory.create(App, { logger: false, abortOnError: false });
    await app.listen(0, '127.0.0.1');
    try {
      const origins = app.get(lib.CorsService).policies().map(({ route, policy }) => [route.method, route.path, policy.origin]);
      assert.deepEqual(new Set(origins), new Set([
        ['GET', '/cats', [APP, PARTNER]],
        ['PUT', '/cats', '*'],
        ['DELETE', '/cats', false],
        ['GET', '/dogs', [PARTNER]],
      ]));
      const url = await app.getUrl();
      assert.equal(allowed(await fetch(url + '/cats', { headers: { Origin: PARTNER } })), PARTNER);
      assert.equal(allowed(await preflight(url + '/cats', 'PUT')), '*');
      assert.equal(allowed(await preflight(url + '/cats', 'DELETE')), null);
      assert.equal(allowed(await preflight(url + '/dogs', 'GET')), PARTNER);
    } finally {
      await app.close();
    }

    class Twice {}
    Module({ imports: [lib.CorsModule.forRoot({ origin: APP }), other.CorsModule.forRoot({ origin: '*' })] })(Twice);
    const twice = await NestFactory.create(Twice, { logger: false, abortOnError: false });
    await assert.rejects(twice.init(), ({ issues }) => issues.some(({ code }) => code === 'module_twice'));
    console.log('  ' + name + ': ' + Object.keys(lib).filter(key => key !== 'default').join(', '));
  }

  function decorate(type, decorators, methods) {
    for (const decorator of decorators) decorator(type);
    for (const [method, decorators] of Object.entries(methods)) {
      const descriptor = Object.getOwnPropertyDescriptor(type.prototype, method);
      for (const decorator of decorators) decorator(type.prototype, method, descriptor);
    }
  }
  function metadataOf({ Cors }) {
    class Cats {}
    Cors('public')(Cats);
    // Not Nest's own keys: each build has a class of its own there.
    const keys = Reflect.getMetadataKeys(Cats).filter(key => key.startsWith('nestjs-cors:'));
    return keys.map(key => [key, Reflect.getMetadata(key, Cats)]);
  }
  function preflight(url, method) {
    return fetch(url, { method: 'OPTIONS', headers: { Origin: PARTNER, 'Access-Control-Request-Method': method } });
  }
  function allowed(response) {
    return response.headers.get('access-control-allow-origin');
  }
`;

await withTarball((tarball, folder) => {
  for (const [major, nest] of NESTS) {
    console.log(`on Nest ${major}:`);
    const app = join(folder, `nest-${major}`);
    createLinkedApp(app, tarball, nest);
    writeFileSync(join(app, 'use.mjs'), SCRIPT);
    process.stdout.write(run(process.execPath, ['--no-warnings', 'use.mjs'], app));
  }
});
