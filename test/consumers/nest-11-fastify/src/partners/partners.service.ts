import { Injectable } from '@nestjs/common';

@Injectable()
export class PartnersService {
  private readonly origins = new Set(['https://partner.example.net']);

  async has(origin: string): Promise<boolean> {
    return this.origins.has(origin);
  }
}
