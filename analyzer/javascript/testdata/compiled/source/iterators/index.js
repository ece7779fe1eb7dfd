import { exec } from 'child_process'
const items = { *[Symbol.iterator]() { exec('load iterator'); yield 1 } }
for (const item of items) exec('load loop')
export const list = [...items]
function* steps() { exec('load step'); yield 1 }
export const [first] = steps()
export function* unused() { exec('call generator'); yield 1 }
export async function* stream() { exec('call stream'); yield 1 }
export async function drain() { for await (const x of stream()) exec('call item') }
export const spread = (...rest) => exec('call rest', ...rest)
