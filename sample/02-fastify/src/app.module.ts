import { Module } from '@nestjs/common';
import { CorsModule } from 'nestjs-cors';
import { BooksController } from './books/books.controller.js';

@Module({
  imports: [
    // Nothing here is about Fastify: the module finds out, and @fastify/cors is not needed.
    CorsModule.forRoot({
      origin: ['https://app.example.com'],
      policies: {
        public: { origin: '*', methods: ['GET'] },
      },
      routes: [{ path: '/health', policy: 'public' }],
    }),
  ],
  controllers: [BooksController],
})
export class AppModule {}
