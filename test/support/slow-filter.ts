import { Catch, type ArgumentsHost, type ExceptionFilter, type INestApplication } from '@nestjs/common';
import { CorsForbiddenException } from 'nestjs-cors';
import { Gate } from './gate.js';

/** A filter that does not answer a refused preflight before the test lets it. */
@Catch(CorsForbiddenException)
export class SlowFilter implements ExceptionFilter {
  readonly atWork = new Gate();
  readonly answered = new Gate();
  #app: INestApplication | undefined;

  /** Registers it: for {@link AppOptions.configure}. */
  readonly register = (app: INestApplication): void => {
    this.#app = app;
    app.useGlobalFilters(this);
  };

  async catch(exception: CorsForbiddenException, host: ArgumentsHost): Promise<void> {
    await this.atWork.pass();
    const response: unknown = host.switchToHttp().getResponse();
    this.#app?.getHttpAdapter().reply(response, exception.getResponse(), exception.getStatus());
    await this.answered.pass();
  }
}
