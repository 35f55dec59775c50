import { Module } from '@nestjs/common';
import { PartnerOrigins } from './partner-origins';
import { PartnersService } from './partners.service';

@Module({ providers: [PartnersService, PartnerOrigins] })
export class PartnersModule {}
