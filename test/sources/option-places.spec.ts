import { filePlace, withPlaces, type WrittenOption } from '../../lib/sources/option-places.js';

/** The option of each path, on a line of its own. */
function written(options: object): readonly WrittenOption[] {
  const all: WrittenOption[] = [];
  const visit = (value: unknown, path: string, keys: readonly string[]) => {
    all.push({ path, keys, value, place: `file:${String(all.length + 1)}` });
    if (typeof value !== 'object' || value === null) return;
    for (const [key, each] of Object.entries(value)) {
      visit(each, Array.isArray(value) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`, [...keys, key]);
    }
  };
  visit(options, '', []);
  return all;
}

const read = () => {
  const options = { origin: ['a', 'b'], maxAge: NaN, policies: { public: { origin: '*', methods: ['GET'] } } };
  return withPlaces(options, written(options));
};

it('withPlaces() freezes what the file says, whole', () => {
  const options = read();

  expect([options, options.origin, options.policies, options.policies.public.methods].map(Object.isFrozen)).toEqual(
    Array(4).fill(true),
  );
});

describe('placeOf()', () => {
  it('tells where an option is written', () => {
    const options = read();

    expect(
      ['origin', 'origin[1]', 'maxAge', 'policies.public.methods[0]'].map(path => filePlace(options, path)),
    ).toEqual(['file:2', 'file:4', 'file:5', 'file:10']);
  });

  it('tells what a missing option is missing in', () => {
    const options = read();

    expect(filePlace(options, 'policies.public.maxAge')).toBe('file:7');
    expect(filePlace(options, 'policies.partner.origin')).toBe('file:6');
    expect(filePlace(options, 'origin[7]')).toBe('file:2');
    expect(filePlace(options, 'credentials')).toBe('file:1');
    expect(filePlace(options, '')).toBe('file:1');
  });

  it('survives a spread, and knows what the spread replaces', () => {
    const options = { ...read(), maxAge: 5, origin: ['a', 'c'], debug: true, 'x.y': 1, routes: [{ path: '' }] };

    expect(filePlace(options, 'policies.public.origin')).toBe('file:8');
    expect(filePlace(options, 'credentials')).toBe('file:1');
    for (const path of ['maxAge', 'origin', 'origin[1]', 'origin[2]', 'debug', 'x.y', 'routes[0].path']) {
      expect([path, filePlace(options, path)]).toEqual([path, undefined]);
    }
  });

  it('knows what a spread below replaces, and what it leaves', () => {
    const { policies, ...rest } = read();
    const options = { ...rest, policies: { ...policies, public: { ...policies.public, methods: ['PUT'] }, own: {} } };

    expect(filePlace(options, 'policies.public.origin')).toBe('file:8');
    for (const path of ['policies.public.methods[0]', 'policies.own.origin', 'policies.public']) {
      expect([path, filePlace(options, path)]).toEqual([path, undefined]);
    }
  });

  it('knows what was taken out', () => {
    const options: Partial<ReturnType<typeof read>> = { ...read() };
    delete options.origin;

    expect(filePlace(options, 'origin')).toBeUndefined();
    expect(filePlace(options, 'origin[0]')).toBeUndefined();
  });

  it('tells neither of two options that have one path', () => {
    const options = { 'a.b': 1, a: { b: 2 } };

    expect(filePlace(withPlaces(options, written(options)), 'a.b')).toBeUndefined();
  });

  it.each([[undefined], [null], ['text'], [{}], [[]], [{ [Symbol.for('nestjs-cors:places')]: 'nothing of ours' }]])(
    'tells nothing of %p, which no file holds',
    options => {
      expect(filePlace(options, 'origin')).toBeUndefined();
    },
  );

  it('calls no getter', () => {
    const options = Object.defineProperty({ ...read() }, 'origin', {
      get: () => {
        throw new Error('called');
      },
    });

    expect(filePlace(options, 'origin[0]')).toBeUndefined();
  });
});
