import { Module } from '@nestjs/common';
import { CorsModule } from 'nestjs-cors';
import { PricesV1Controller } from './prices/prices-v1.controller.js';
import { PricesV2Controller } from './prices/prices-v2.controller.js';

@Module({
  imports: [
    CorsModule.forRoot({
      origin: ['https://app.example.com'],
      policies: {
        // Pages read what `exposedHeaders` lists, and no other header of the app.
        legacy: { origin: '*', methods: ['GET'], exposedHeaders: ['deprecation'] },
      },
    }),
  ],
  controllers: [PricesV1Controller, PricesV2Controller],
})
export class AppModule {}
