import { exec } from 'child_process'
export const shared = { optional(command) { exec(command) }, absent() { exec('call absent') } }
export let counter = 0
export function unused() { counter++; exec('call unused') }
