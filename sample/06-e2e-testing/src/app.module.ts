import { Module } from '@nestjs/common';
import { CorsModule } from 'nestjs-cors';
import { AccountController } from './account/account.controller.js';
import { StatusController } from './status/status.controller.js';

@Module({
  imports: [
    CorsModule.forRoot({
      origin: ['https://app.example.com'],
      policies: {
        public: { origin: '*', methods: ['GET'] },
      },
    }),
  ],
  controllers: [AccountController, StatusController],
})
export class AppModule {}
