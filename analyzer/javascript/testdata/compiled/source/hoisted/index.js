import { exec } from 'child_process'
import { shared } from './shared'
export { shared }
export var Kind
;(function (Kind) { Kind[Kind.A = 0] = 'A'; Kind.run = () => exec('call kind'); exec('load kind') })(Kind || (Kind = {}))
function decorate(decorators, target) { for (const d of decorators) target = d(target) || target; return target }
export const decorated = decorate([c => { exec('load decorator'); return c }], class { method() { exec('call decorated') } })
const once = f => { let done; return () => done || (done = f()) }
export const lazy = once(() => exec('call once'))
export const eager = once(() => exec('load once'))
eager()
shared.optional?.('load optional')
