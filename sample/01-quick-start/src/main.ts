import { NestFactory } from '@nestjs/core';
import { CorsService } from 'nestjs-cors';
import { AppModule } from './app.module.js';
import { welcome } from './welcome.js';

async function bootstrap() {
  const app = await NestFactory.create(AppModule);
  await app.listen(process.env.PORT ?? 3000);
  const { port } = new URL(await app.getUrl());
  console.log(welcome(app.get(CorsService).policies(), port));
}
await bootstrap();
