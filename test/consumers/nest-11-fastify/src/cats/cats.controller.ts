import { Controller, Delete, Get, Param, Put, UseGuards } from '@nestjs/common';
import { Cors, NoCors } from 'nestjs-cors';
import { SessionGuard } from './session.guard';

@Controller('cats')
export class CatsController {
  @Cors('public')
  @Get()
  list() {
    return ['Tom'];
  }

  @Cors({ credentials: true, allowedHeaders: ['content-type', 'x-csrf-token'] })
  @UseGuards(SessionGuard)
  @Put(':id')
  update(@Param('id') id: string) {
    return { id };
  }

  @NoCors()
  @Delete(':id')
  remove(@Param('id') id: string) {
    return { id };
  }
}
