import { Controller, Post } from '@nestjs/common';
import { add, Cors } from 'nestjs-cors';

/** Orders, from the app's own front end and from one partner's. */
@Controller('partner')
export class PartnerController {
  @Cors({ origin: add('https://partner.example.net') })
  @Post('orders')
  accept() {
    return { accepted: true };
  }
}
