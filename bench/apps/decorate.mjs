import 'reflect-metadata';

/** Applies decorators without a compiler: `decorate([Controller('cats')], class { … }, { find: [Get()] })`. */
export function decorate(decorators, target, members = {}) {
  for (const [name, ofMember] of Object.entries(members)) {
    const descriptor = Object.getOwnPropertyDescriptor(target.prototype, name);
    for (const decorator of ofMember) decorator(target.prototype, name, descriptor);
  }
  for (const decorator of decorators) decorator(target);
  return target;
}
