import { Body, Controller, Get, Put, UseGuards } from '@nestjs/common';
import { Cors } from 'nestjs-cors';
import { SessionGuard } from '../session/session.guard.js';

interface Account {
  name: string;
}

@Cors({ credentials: true, allowedHeaders: ['content-type', 'x-csrf-token'] })
@UseGuards(SessionGuard)
@Controller('account')
export class AccountController {
  private account: Account = { name: 'Ann' };

  @Get()
  show() {
    return this.account;
  }

  @Put()
  update(@Body() account: Account) {
    this.account = account;
    return this.account;
  }
}
