import run, { named, later } from './lib'
export * from './lib'
export { later as renamed, default as run } from './lib'
import * as lib from './lib'
export { lib }
run('load default')
named('load named')
lib.deep.run('load member')
export default function main() { later('call main') }
