import { Injectable } from '@nestjs/common';
import type { CorsOriginResolver } from 'nestjs-cors';
import { PartnersService } from './partners.service';

@Injectable()
export class PartnerOrigins implements CorsOriginResolver {
  constructor(private readonly partners: PartnersService) {}

  isAllowed(origin: string): Promise<boolean> {
    return this.partners.has(origin);
  }
}
