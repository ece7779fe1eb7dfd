import { exec } from 'child_process'
const helpers = { first() { exec('call first') }, second: () => exec('call second') }
export const merged = { ...helpers, third() { exec('call third') } }
export const frozen = Object.freeze({ fourth() { exec('call fourth') } })
export const copy = Object.assign({}, helpers)
export const described = Object.getOwnPropertyDescriptors(helpers)
export const isList = Array.isArray(helpers)
export const { first } = helpers
const table = new Map([['run', () => exec('load table')], ['not', () => exec('call table')]])
table.get('run')()
export const commands = Object.entries(helpers)
export function call(name) { return merged[name]() }
export default helpers
