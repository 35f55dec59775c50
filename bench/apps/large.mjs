// An app of many routes, in a process of its own: `node large.mjs <platform> <routes> <with|enhancers|without>`. Tells the CPU time
// of its boot, and its port.
const [platform, routes, variant] = process.argv.slice(2);
const { Controller, Get, Module, Put } = await import('@nestjs/common');
const { NestFactory } = await import('@nestjs/core');
const { decorate } = await import('./decorate.mjs');
const { ORIGIN } = await import('../requests.mjs');

/** Ten routes to a controller, every other one with a parameter. */
const PER_CONTROLLER = 10;

function controllerOf(index, size) {
  const methods = Array.from({ length: size }, (_, route) => [`route${route}`, route]);
  class SomeController {}
  for (const [name] of methods) SomeController.prototype[name] = () => ({ index });
  const members = methods.map(([name, route]) => {
    const verb = route % 3 === 0 ? Put : Get;
    return [name, [verb(route % 2 === 0 ? `r${route}` : `r${route}/:id`)]];
  });
  return decorate([Controller(`c${index}`)], SomeController, Object.fromEntries(members));
}

const count = Number(routes);
const controllers = Array.from({ length: Math.ceil(count / PER_CONTROLLER) }, (_, index) =>
  controllerOf(index, Math.min(PER_CONTROLLER, count - index * PER_CONTROLLER)),
);
const imports = [];
if (variant === 'with')
  imports.push((await import('nestjs-cors')).CorsModule.forRoot({ origin: [ORIGIN], credentials: true }));
const providers = [];
if (variant === 'enhancers') {
  // Nest's own cost of a global guard and a global interceptor, which it prepares for every route.
  const { APP_GUARD, APP_INTERCEPTOR } = await import('@nestjs/core');
  providers.push({ provide: APP_GUARD, useValue: { canActivate: () => true } });
  providers.push({ provide: APP_INTERCEPTOR, useValue: { intercept: (_context, next) => next.handle() } });
}
class AppModule {}
decorate([Module({ imports, controllers, providers })], AppModule);

const adapter =
  platform === 'express'
    ? new (await import('@nestjs/platform-express')).ExpressAdapter()
    : new (await import('@nestjs/platform-fastify')).FastifyAdapter();
const app = await NestFactory.create(AppModule, adapter, { logger: false });
await app.listen(0, '127.0.0.1');
const boot = process.cpuUsage();

process.on('message', () => process.send({ cpu: process.cpuUsage() }));
process.on('disconnect', () => process.exit());
process.send?.({ port: app.getHttpServer().address().port, boot: boot.user + boot.system });
if (process.send === undefined) {
  console.log(platform, routes, variant, Math.round((boot.user + boot.system) / 1000), 'ms');
  process.exit();
}
