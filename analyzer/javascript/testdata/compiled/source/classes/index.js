import { exec } from 'child_process'
class Base {
  constructor(command) { exec(command); this.set() }
  set() { exec('load set') }
  never() { exec('call never') }
  static make(command) { return new this(command) }
  static unused() { exec('call unused') }
}
export class Derived extends Base {
  constructor() { super('load constructor') }
  method() { exec('call method') }
  get value() { return exec('call getter') }
  set value(v) { exec('call setter') }
}
export class Other extends Base {
  never() { super.never(); exec('call other') }
}
export class Third {
  constructor() { exec('call third') }
}
Derived.make()
export { Base as default }
