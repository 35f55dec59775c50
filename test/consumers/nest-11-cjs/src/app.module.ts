import { Injectable, Module } from '@nestjs/common';
import { CorsModule, type CorsModuleOptions, type CorsOptionsFactory } from 'nestjs-cors';
import { CatsController } from './cats/cats.controller';
import { PartnerOrigins } from './partners/partner-origins';
import { PartnersModule } from './partners/partners.module';

@Injectable()
class CorsOptions implements CorsOptionsFactory {
  createCorsOptions(): CorsModuleOptions {
    return {
      origin: ['https://app.example.com', PartnerOrigins],
      policies: { public: { origin: '*', methods: ['GET'] } },
    };
  }
}

@Module({
  imports: [PartnersModule, CorsModule.forRootAsync({ useClass: CorsOptions })],
  controllers: [CatsController],
})
export class AppModule {}
