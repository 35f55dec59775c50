import { Controller, Get, Param, Put } from '@nestjs/common';

@Controller('orders')
export class OrdersController {
  @Get()
  list() {
    return [{ id: 1, item: 'tea' }];
  }

  @Put(':id')
  update(@Param('id') id: string) {
    return { id };
  }
}
