import { add, addedValues } from '../../lib/policy/add.js';

describe('add', () => {
  it('holds the values it is given', () => {
    expect(addedValues(add('https://a.example', 'https://b.example'))).toEqual([
      'https://a.example',
      'https://b.example',
    ]);
    expect(addedValues(add())).toEqual([]);
  });

  it('cannot be changed afterwards', () => {
    const values = ['https://a.example'];
    const addition = add(...values);
    values.push('https://evil.example');
    const added = addedValues(addition);
    expect([Object.isFrozen(addition), Object.isFrozen(added), added]).toEqual([true, true, ['https://a.example']]);
  });

  it('is recognised across two copies of the package, as ESM and CommonJS load them', () => {
    const fromTheOtherBuild = { [Symbol.for('nestjs-cors:add')]: ['https://a.example'] };
    expect(addedValues(fromTheOtherBuild)).toEqual(['https://a.example']);
  });

  it.each([
    ['a list', ['https://a.example']],
    ['a string', 'https://a.example'],
    ['an object', { add: ['https://a.example'] }],
    ['a string key that looks alike', { 'Symbol(nestjs-cors:add)': ['https://a.example'] }],
    ['one that holds no list', { [Symbol.for('nestjs-cors:add')]: 'https://a.example' }],
    ['an object that inherits one', Object.create(add('https://a.example'))],
    ['null', null],
    ['undefined', undefined],
  ])('is not %s', (_, value: unknown) => {
    expect(addedValues(value)).toBeUndefined();
  });
});
