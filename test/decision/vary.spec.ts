import { mergeVary } from '../../lib/decision/vary.js';

describe('mergeVary', () => {
  it.each([
    ['nothing yet', undefined, ['Origin'], 'Origin'],
    ['an empty header', '', ['Origin'], 'Origin'],
    ['an empty list', [], ['Origin'], 'Origin'],
    ['another name', 'Accept', ['Origin'], 'Accept, Origin'],
    ['other names', 'Accept, Accept-Encoding', ['Origin'], 'Accept, Accept-Encoding, Origin'],
    ['names without spaces', 'Accept,Accept-Encoding', ['Origin'], 'Accept, Accept-Encoding, Origin'],
    ['empty elements', ',Accept,, ', ['Origin'], 'Accept, Origin'],
    ['several lines', ['Accept', 'Accept-Encoding, Cookie'], ['Origin'], 'Accept, Accept-Encoding, Cookie, Origin'],
    [
      'one of the names',
      'access-control-request-method',
      ['Origin', 'Access-Control-Request-Method'],
      'access-control-request-method, Origin',
    ],
    ['a longer name', 'X-Origin', ['Origin'], 'X-Origin, Origin'],
    ['a name of Object', 'constructor', ['Origin'], 'constructor, Origin'],
  ])('adds to %s', (_, present, names, expected) => {
    expect(mergeVary(present, names.join(', '))).toBe(expected);
  });

  it.each([
    ['twice', 'Origin, Origin', 'Origin'],
    ['twice, in another case', 'Accept, origin, Origin', 'Accept, origin'],
    ['on two lines', ['Origin', 'Accept, Origin'], 'Origin, Accept'],
    ['twice, which is not the one to add', 'Accept, Accept', 'Accept, Origin'],
  ])('leaves one of a name that stands there %s', (_, present, expected) => {
    expect(mergeVary(present, 'Origin')).toBe(expected);
  });

  it.each([
    ['the name', 'Origin'],
    ['the name in another case', 'ORIGIN'],
    ['the name among others', 'Accept, origin'],
    ['the name on one of several lines', ['Accept', 'Origin']],
    ['everything', '*'],
    ['everything, among others', 'Accept, *'],
    ['everything, on a line of its own', ['Accept', '*']],
  ])('has nothing to change where the header holds %s', (_, present) => {
    expect(mergeVary(present, 'Origin')).toBeUndefined();
  });

  it.each([[undefined], [''], ['Accept'], [['Accept', 'Cookie']]])(
    'adds nothing to %j where there is nothing to add',
    present => {
      expect(mergeVary(present, '')).toBeUndefined();
    },
  );
});
