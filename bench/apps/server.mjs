// One app of the whole-app section, in a process of its own: `node server.mjs <platform> <variant>`. Tells its port and,
// when asked, the CPU time it has used.
import { Controller, Get, Injectable, Module, Put, UnauthorizedException, UseGuards } from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR, NestFactory } from '@nestjs/core';
import { ORIGIN } from '../requests.mjs';
import { decorate } from './decorate.mjs';

const [platform, variant] = process.argv.slice(2);

/** The same policy for all: three front ends, with cookies. */
const POLICY = {
  origin: [ORIGIN, 'https://admin.example.com', 'https://partner.example.net'],
  methods: ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'],
  allowedHeaders: ['content-type', 'authorization'],
  exposedHeaders: ['x-total'],
  credentials: true,
  maxAge: 600,
};

class NoopGuard {
  canActivate() {
    return true;
  }
}
class NoopInterceptor {
  intercept(_context, next) {
    return next.handle();
  }
}
decorate([Injectable()], NoopGuard);
decorate([Injectable()], NoopInterceptor);
const guard = { provide: APP_GUARD, useClass: NoopGuard };
const interceptor = { provide: APP_INTERCEPTOR, useClass: NoopInterceptor };

const corsModule = async options => [(await import('nestjs-cors')).CorsModule.forRoot({ ...POLICY, ...options })];

/** What each variant adds to the app. */
const VARIANTS = {
  nothing: {},
  guard: { providers: [guard] },
  interceptor: { providers: [interceptor] },
  'guard+interceptor': { providers: [guard, interceptor] },
  enableCors: { cors: POLICY },
  'enableCors+guard+interceptor': { cors: POLICY, providers: [guard, interceptor] },
  'nestjs-cors': { imports: corsModule({}) },
  'nestjs-cors, interceptor: false': { imports: corsModule({ interceptor: false }) },
};

class Deny {
  canActivate() {
    throw new UnauthorizedException();
  }
}
class CatsController {
  find() {
    return { id: 1 };
  }
  replace() {
    return { id: 1 };
  }
  secret() {
    return { id: 1 };
  }
}
decorate([Controller('cats')], CatsController, {
  find: [Get(':id')],
  replace: [Put(':id')],
  secret: [Get(':id/secret'), UseGuards(Deny)],
});

const { cors, providers = [], imports } = VARIANTS[variant];
class AppModule {}
decorate([Module({ imports: (await imports) ?? [], controllers: [CatsController], providers })], AppModule);

const adapter =
  platform === 'express'
    ? new (await import('@nestjs/platform-express')).ExpressAdapter()
    : new (await import('@nestjs/platform-fastify')).FastifyAdapter();
const app = await NestFactory.create(AppModule, adapter, { logger: false });
if (cors !== undefined) app.enableCors(cors);
await app.listen(0, '127.0.0.1');

process.on('message', () => process.send({ cpu: process.cpuUsage() }));
process.on('disconnect', () => process.exit());
process.send({ port: app.getHttpServer().address().port });
