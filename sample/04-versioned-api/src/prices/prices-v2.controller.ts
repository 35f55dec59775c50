import { Controller, Get, Param, Put } from '@nestjs/common';
import { Cors } from 'nestjs-cors';

/** For the app's own front end, with cookies. */
@Cors({ credentials: true })
@Controller({ path: 'prices', version: '2' })
export class PricesV2Controller {
  @Get()
  list() {
    return [{ item: 'tea', price: { amount: 3, currency: 'EUR' } }];
  }

  @Put(':item')
  update(@Param('item') item: string) {
    return { item };
  }
}
