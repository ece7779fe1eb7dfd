import { exec } from 'child_process'
const told = { toString() { exec('load string'); return 'x' }, never() { exec('call never') } }
export const text = `is ${told}`
const read = { get value() { exec('load getter'); return 1 }, get other() { exec('call getter'); return 1 } }
export const value = read.value
const tag = parts => exec('load tag')
tag`a`
export const unused = parts => exec('call tag')
function withDefault(x = exec('load parameter')) { return x }
withDefault()
export const never = (x = exec('call parameter')) => x
