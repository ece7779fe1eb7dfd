import { exec } from 'child_process'
export class Static {
  static field = exec('load field')
  static { exec('load block') }
  own = exec('call own')
  #hidden() { exec('call hidden') }
  method() { this.#hidden() }
}
class Kept {
  #command = 'load private'
  static #made = new Kept()
  constructor() { this.#run(this.#command) }
  #run(command) { exec(command) }
  static get() { return Kept.#made }
  never() { exec('call never') }
}
export const kept = Kept.get()
