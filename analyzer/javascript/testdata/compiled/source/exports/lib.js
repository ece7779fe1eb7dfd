import { exec } from 'child_process'
export default function (command) { exec(command) }
export function named(command) { exec(command) }
export function later(command) { exec(command); exec('call later') }
export const deep = { run(command) { exec(command) }, never() { exec('call never') } }
