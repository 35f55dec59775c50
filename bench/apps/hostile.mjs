// The app that is flooded by the attack section: `node --expose-gc hostile.mjs <platform>`. It has all that a hostile
// request can be about: versions in a media type, rules for paths, a resolver, a catch-all, rejectDisallowed.
import { All, Controller, Delete, Get, Module, Post, Put, Version, VersioningType } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Cors, CorsModule } from 'nestjs-cors';
import { ORIGIN } from '../requests.mjs';
import { decorate } from './decorate.mjs';

const [platform] = process.argv.slice(2);
const VERSIONS = 20;

class VersionsController {}
const members = {};
for (let version = 1; version <= VERSIONS; version++) {
  for (const [verb, Verb] of [Put, Post, Delete].entries()) {
    const name = `verb${verb}version${version}`;
    VersionsController.prototype[name] = () => version;
    members[name] = [Cors({ maxAge: version }), Version(String(version)), Verb(':id')];
  }
}
decorate([Controller('versions')], VersionsController, members);

class CatsController {
  find() {
    return { id: 1 };
  }
  replace() {
    return { id: 1 };
  }
}
decorate([Controller('cats')], CatsController, { find: [Get(':id')], replace: [Put(':id')] });

class ResolvedController {
  find() {
    return { id: 1 };
  }
  replace() {
    return { id: 1 };
  }
}
const resolver = origin => Promise.resolve(origin === ORIGIN);
decorate([Cors({ origin: resolver }), Controller('resolved')], ResolvedController, {
  find: [Get(':id')],
  replace: [Put(':id')],
});

class PagesController {
  page() {
    return 'page';
  }
}
decorate([Cors({ rejectDisallowed: true }), Controller('pages')], PagesController, {
  page: [All(platform === 'express' ? '*splat' : '*')],
});

class AppModule {}
decorate(
  [
    Module({
      imports: [
        CorsModule.forRoot({
          origin: [ORIGIN, 'https://admin.example.com'],
          self: ['https://api.example.com'],
          routes: [
            { path: '/files/public', policy: { origin: '*' } },
            { path: '/files/private', policy: false },
          ],
        }),
      ],
      controllers: [VersionsController, CatsController, ResolvedController, PagesController],
    }),
  ],
  AppModule,
);

const adapter =
  platform === 'express'
    ? new (await import('@nestjs/platform-express')).ExpressAdapter()
    : new (await import('@nestjs/platform-fastify')).FastifyAdapter();
const app = await NestFactory.create(AppModule, adapter, { logger: false });
app.enableVersioning({ type: VersioningType.MEDIA_TYPE, key: 'v=' });
await app.listen(0, '127.0.0.1');

process.on('message', message => {
  if (message === 'cpu') process.send({ cpu: process.cpuUsage() });
  if (message === 'heap') {
    for (let time = 0; time < 4; time++) globalThis.gc();
    process.send({ heap: process.memoryUsage().heapUsed });
  }
});
process.on('disconnect', () => process.exit());
process.send({ port: app.getHttpServer().address().port });
