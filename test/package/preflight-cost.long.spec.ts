import { execFileSync } from 'node:child_process';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newFolder, removeFiles } from '../support/files.js';
import { ROOT } from '../support/markdown.js';
import { requireBuild } from '../support/program.js';

/**
 * Two apps in one process, with the package and without, are sent the same preflights in turns: what slows the machine
 * down slows both. Outside of Jest, whose modules run several times slower where they look up globals.
 */
const SCRIPT = `
  import 'reflect-metadata';
  import net from 'node:net';
  import { Controller, Delete, Module, Post, Put, Version, VersioningType } from '@nestjs/common';
  import { NestFactory } from '@nestjs/core';
  import { FastifyAdapter } from '@nestjs/platform-fastify';
  import { Cors, CorsModule } from 'nestjs-cors';

  const APP = 'https://app.example.com';
  const BATCH = 100;
  const BATCHES = 15;
  /** The longest targets that fit into a request of 16 KB. */
  const CASES = [
    ['long/*', '%2F', 30], ['long/*', '%41', 2],
    ['x', '%41', 30], ['x', '%2F', 30], ['long/*', '%41', 30], [':any/*', '%25', 30],
  ];

  const ratios = [];
  for (const [path, unit, versions] of CASES) {
    const apps = [await start(path, versions, []), await start(path, versions, [CorsModule.forRoot({ origin: [APP] })])];
    const text =
      'OPTIONS /long/' + unit.repeat(4600) + ' HTTP/1.1\\r\\nHost: localhost\\r\\nOrigin: ' + APP +
      '\\r\\nAccess-Control-Request-Method: PUT\\r\\n\\r\\n';
    const best = [Infinity, Infinity];
    for (let batch = 0; batch < BATCHES; batch++) {
      for (const [index, app] of apps.entries()) {
        const start = process.cpuUsage();
        await flood(app, text);
        const { user, system } = process.cpuUsage(start);
        best[index] = Math.min(best[index], user + system);
      }
    }
    ratios.push(best[1] / best[0]);
    for (const app of apps) await app.close();
  }
  console.log(JSON.stringify(ratios));

  async function start(path, versions, imports) {
    class Versioned {}
    for (const Verb of [Put, Post, Delete]) {
      for (let version = 1; version <= versions; version++) {
        const name = Verb.name + version;
        const descriptor = { value: () => version, writable: true, configurable: true };
        Object.defineProperty(Versioned.prototype, name, descriptor);
        for (const decorate of [Verb(path), Version(String(version)), Cors({ maxAge: version })]) {
          decorate(Versioned.prototype, name, descriptor);
        }
      }
    }
    Controller()(Versioned);
    class App {}
    Module({ controllers: [Versioned], imports })(App);
    const app = await NestFactory.create(App, new FastifyAdapter(), { logger: false, abortOnError: false });
    app.enableVersioning({ type: VersioningType.MEDIA_TYPE, key: 'v=' });
    await app.listen(0, '127.0.0.1');
    return app;
  }

  function flood(app, text) {
    return new Promise((resolve, reject) => {
      const socket = net.connect(app.getHttpServer().address().port, '127.0.0.1');
      let left = BATCH;
      let cut = '';
      socket.on('connect', () => socket.write(text.repeat(BATCH))).on('error', reject);
      socket.setEncoding('latin1').on('data', chunk => {
        const read = cut + chunk;
        left -= read.split('HTTP/1.1 ').length - 1;
        cut = read.slice(-8);
        if (left === 0) resolve(socket.destroy());
      });
    });
  }
`;

beforeAll(requireBuild);

afterAll(removeFiles);

it('On fastify, a preflight for a target of 14 KB costs at most twice what the app spends without this package', () => {
  const folder = newFolder();
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'junction');
  const file = join(folder, 'main.mjs');
  writeFileSync(file, SCRIPT);
  const output = execFileSync(process.execPath, ['--no-warnings', file], { cwd: folder, encoding: 'utf8' });
  const ratios = JSON.parse(output) as readonly number[];

  expect(ratios).toHaveLength(6);
  expect(ratios.filter(ratio => ratio > 2)).toEqual([]);
});
