import { Controller, Get, Header } from '@nestjs/common';
import { Cors } from 'nestjs-cors';
import { closeApps, PLATFORMS, startApp } from '../support/app.js';
import { hasChromium, servePage, type BrowserPage } from '../support/chromium.js';
import { portOf } from '../support/client.js';

const IMAGE = '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>';
const IS_IMAGE = Header('Content-Type', 'image/svg+xml');

class ImageRoutes {
  @IS_IMAGE
  @Get()
  show() {
    return IMAGE;
  }
}

@Cors({ resourcePolicy: 'cross-origin', timing: true })
@Controller('for-all')
class ForAllController extends ImageRoutes {}

@Cors({ resourcePolicy: 'same-origin' })
@Controller('for-itself')
class ForItselfController extends ImageRoutes {}

@Controller('unset')
class UnsetController extends ImageRoutes {}

@Cors({ origin: '*', resourcePolicy: 'cross-origin', timing: true })
@Controller('public')
class PublicController extends ImageRoutes {}

const PATHS = ['for-all', 'for-itself', 'unset', 'public'];

/** Shows each image plainly, then reads it by `fetch()`, and looks at what the browser says of both. */
const scriptFor = (api: string) => `
  const sizes = () => {
    const sizes = performance.getEntriesByType('resource').map(each => [each.name, each.transferSize > 0]);
    performance.clearResourceTimings();
    return sizes;
  };
  const result = {};
  for (const path of ${JSON.stringify(PATHS)}) {
    const url = ${JSON.stringify(api)} + '/' + path;
    const image = new Image();
    const embedded = new Promise(resolve => {
      image.onload = () => resolve(true);
      image.onerror = () => resolve(false);
    });
    image.src = url;
    const isShown = await embedded;
    const [shown] = sizes().filter(([name]) => name === url);
    const body = await fetch(url + '?read', { cache: 'no-store' }).then(each => each.text());
    // Entries are made when the body has ended, and delivered later.
    await new Promise(resolve => setTimeout(resolve));
    const [read] = sizes().filter(([name]) => name === url + '?read');
    result[path] = {
      isShown,
      isMeasuredWhenShown: shown?.[1] ?? false,
      isRead: body.startsWith('<svg'),
      isMeasuredWhenRead: read?.[1] ?? 'no entry',
    };
  }
  return result;
`;

let page: BrowserPage;

beforeEach(async () => {
  page = await servePage({ 'Cross-Origin-Embedder-Policy': 'require-corp' });
});

afterEach(async () => {
  page.close();
  await closeApps();
});

(hasChromium ? describe : describe.skip).each(PLATFORMS)('In Chromium, on %s', platform => {
  it('a page that requires it shows and measures the images whose policies say so', async () => {
    const app = await startApp({
      platform,
      cors: { origin: page.origin },
      controllers: [ForAllController, ForItselfController, UnsetController, PublicController],
    });

    const seen = await page.run(scriptFor(`http://127.0.0.1:${String(portOf(app))}`));
    expect(seen).toEqual({
      // A plain <img> sends no Origin: a list cannot let it be measured.
      'for-all': { isShown: true, isMeasuredWhenShown: false, isRead: true, isMeasuredWhenRead: true },
      'for-itself': { isShown: false, isMeasuredWhenShown: false, isRead: true, isMeasuredWhenRead: false },
      unset: { isShown: false, isMeasuredWhenShown: false, isRead: true, isMeasuredWhenRead: false },
      public: { isShown: true, isMeasuredWhenShown: true, isRead: true, isMeasuredWhenRead: true },
    });
  });
});
