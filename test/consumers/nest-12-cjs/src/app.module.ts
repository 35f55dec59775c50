import { Module } from '@nestjs/common';
import { CorsModule } from 'nestjs-cors';
import { CatsController } from './cats/cats.controller';
import { PartnerOrigins } from './partners/partner-origins';
import { PartnersModule } from './partners/partners.module';

@Module({
  imports: [
    PartnersModule,
    CorsModule.forRoot({
      origin: ['https://app.example.com', PartnerOrigins],
      policies: { public: { origin: '*', methods: ['GET'] } },
    }),
  ],
  controllers: [CatsController],
})
export class AppModule {}
