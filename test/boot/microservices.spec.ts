import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClientProxyFactory, MessagePattern, Transport } from '@nestjs/microservices';
import { CorsModule } from 'nestjs-cors';
import { firstValueFrom } from 'rxjs';
import { closeApps, PLATFORMS, startApp } from '../support/app.js';
import { send } from '../support/client.js';
import { APP } from '../support/expected.js';
import { watchHandlers } from '../support/observe.js';

const { ran, take } = watchHandlers();

@Controller('sums')
class SumsController {
  @Get()
  list() {
    return ran('list');
  }

  @MessagePattern('sum')
  sum(numbers: readonly number[]) {
    ran('sum');
    return numbers.reduce((total, each) => total + each, 0);
  }
}

const cors = { origin: APP, rejectDisallowed: true };

interface TcpTransport {
  readonly transport: Transport.TCP;
  readonly options: { readonly host: string; readonly port: number };
}

async function freeTransport(): Promise<TcpTransport> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return { transport: Transport.TCP, options: { host: '127.0.0.1', port } };
}

async function ask(transport: TcpTransport): Promise<unknown> {
  const client = ClientProxyFactory.create(transport);
  try {
    return await firstValueFrom(client.send('sum', [1, 2, 3]));
  } finally {
    await client.close();
  }
}

afterEach(closeApps);

it('a microservice without an HTTP platform boots untouched, and its handlers run (CTX-06)', async () => {
  @Module({ imports: [CorsModule.forRoot(cors)], controllers: [SumsController] })
  class AppModule {}
  const transport = await freeTransport();
  const app = await NestFactory.createMicroservice(AppModule, { ...transport, logger: false });
  await app.listen();
  try {
    expect(await ask(transport)).toBe(6);
    expect(take()).toEqual(['sum']);
  } finally {
    await app.close();
  }
});

it.each(PLATFORMS)(
  'the message handlers of a hybrid app on %s run untouched beside its routes (CTX-05)',
  async platform => {
    const transport = await freeTransport();
    const app = await startApp({
      platform,
      cors,
      controllers: [SumsController],
      configure: async app => {
        app.connectMicroservice(transport, { inheritAppConfig: true });
        await app.startAllMicroservices();
      },
    });

    expect(await ask(transport)).toBe(6);
    expect(take()).toEqual(['sum']);
    const response = await send(app, { path: '/sums', headers: { Origin: APP } });
    expect([response.status, response.cors]).toEqual([200, { 'access-control-allow-origin': APP, vary: 'Origin' }]);
    expect(take()).toEqual(['list']);
  },
);
